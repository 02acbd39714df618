import { join } from 'node:path';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import { createKeyFilter } from '../../server/src/sync/KeyFilter';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import type { KeyFailure, SyncReport } from '../../server/src/sync/SyncReport';

/** A directory and a bucket to sync, in plain data. */
export interface EngineWish {
  directory: string;
  settings: BucketSettings;
  include: string[];
  exclude: string[];
  /** Keys in a page of a listing. */
  pageSize?: number;
}

/** What a run gave: its report, and the failures that were streamed. */
export interface RunResult extends SyncReport {
  failures: KeyFailure[];
}

/** Runs the engine without Strapi: in SINGLE mode over both sides unless told otherwise. */
export async function runEngine(
  work: (options: SyncOptions) => Promise<SyncReport>,
  wish: EngineWish,
  more: Partial<SyncOptions> = {},
): Promise<RunResult> {
  const { directory, settings, include, exclude, pageSize } = wish;
  const bucket = openBucket(settings, { pageSize });
  const failures: KeyFailure[] = [];
  try {
    const report = await work({
      mode: 'SINGLE',
      scope: { kind: 'whole' },
      directory,
      stateDirectory: join(directory, 'uploads', '.s3-sync'),
      filter: createKeyFilter({ include, exclude }),
      bucket,
      owner: { siteId: 'site-1', databaseHash: 'database-1' },
      maxDelete: { files: 10, percent: 25, absolute: 1000 },
      concurrency: 16,
      settleMs: 20,
      referenced: async () => new Set(),
      otherDirectory: async () => undefined,
      onFailure: (failure) => failures.push(failure),
      ...more,
    });
    return { ...report, failures };
  } finally {
    bucket.close();
  }
}
