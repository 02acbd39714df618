import path from 'node:path';
import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import { createKeyFilter } from '../../server/src/sync/KeyFilter';
import { sync } from '../../server/src/sync/sync';
import { measureJob } from './measureJob';

/** The engine with its own base, as the command line and the server run it: guards, fsync and checks included. */
void measureJob(async ({ directory, bucket: bucketName, endpoint, credentials, direction }) => {
  const bucket = openBucket({
    bucketName,
    awsRegion: 'us-east-1',
    prefix: '',
    endpoint,
    forcePathStyle: true,
    concurrency: 16,
    credentials,
  });
  const report = await sync({
    mode: 'SINGLE',
    scope: { kind: direction === 'up' ? 'whole' : 'restore' },
    directory,
    stateDirectory: path.join(directory, 'state'),
    filter: createKeyFilter({ include: ['uploads/**'], exclude: [] }),
    bucket,
    owner: { siteId: 'bench', databaseHash: 'bench' },
    maxDelete: { files: 1e9, percent: 100, absolute: 1e9 },
    concurrency: 16,
    referenced: () => Promise.resolve(new Set()),
    otherDirectory: () => Promise.resolve(undefined),
    onFailure: (failure) => {
      process.stderr.write(`${failure.key}: ${failure.message}\n`);
    },
  });
  bucket.close();
  if (report.status !== 'done')
    throw new Error(`The run ended as ${report.status}: ${JSON.stringify(report.refused ?? report.error)}`);
});
