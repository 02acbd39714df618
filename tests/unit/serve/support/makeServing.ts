import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Serving } from '../../../../server/src/serve/Serving';
import { createKeyFilter } from '../../../../server/src/sync/KeyFilter';

/** A site that is served from this directory; its folders are made. */
export async function makeServing(directory: string, more: Partial<Serving> = {}): Promise<Serving> {
  const stateDirectory = join(directory, 'state');
  await mkdir(join(directory, 'uploads'));
  await mkdir(stateDirectory);
  const filter = createKeyFilter({ include: ['**'], exclude: [] });
  const identity = { bucketName: 'b', endpoint: '', prefix: '' };
  return {
    mode: 'MULTI',
    directory,
    stateDirectory,
    filter,
    bucket: { bucketName: 'b', awsRegion: 'us-east-1', prefix: '', concurrency: 1 },
    base: { stateDirectory, identity, filter: filter.options },
    readThrough: true,
    publicBaseUrl: undefined,
    siteUrls: [],
    keyOf: (path) => `uploads/${path}`,
    ...more,
  };
}
