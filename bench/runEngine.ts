import path from 'node:path';
import type { BucketIdentity } from '../server/src/sync/bucket/Bucket';
import { openBucket } from '../server/src/sync/bucket/S3Bucket';
import type { BaseOptions } from '../server/src/sync/base/LevelBase';
import { createKeyFilter } from '../server/src/sync/KeyFilter';
import { sync } from '../server/src/sync/sync';
import type { SyncScope } from '../server/src/sync/SyncOptions';
import type { SyncReport } from '../server/src/sync/SyncReport';
import type { Job } from './Job';

const CONCURRENCY = 16;
const filter = createKeyFilter({ include: ['uploads/**'], exclude: [] });
const stateOf = ({ directory }: Job): string => path.join(directory, 'state');

/** Where the base of a job is, for whoever writes it beforehand. */
export function baseOf(job: Job): BaseOptions {
  const identity: BucketIdentity = { bucketName: job.bucket, endpoint: job.endpoint, prefix: '' };
  return { stateDirectory: stateOf(job), identity, filter: filter.options };
}

/**
 * One run of the engine with its own base, as the command line and the server run it: guards, fsync and checks
 * included.
 * @throws Error where it does not end as `done`.
 */
export async function runEngine(job: Job, scope: SyncScope): Promise<SyncReport> {
  const { directory, bucket: bucketName, endpoint, credentials } = job;
  const bucket = openBucket({
    bucketName,
    awsRegion: 'us-east-1',
    prefix: '',
    endpoint,
    forcePathStyle: true,
    concurrency: CONCURRENCY,
    credentials,
  });
  const report = await sync({
    mode: 'SINGLE',
    scope,
    directory,
    stateDirectory: stateOf(job),
    filter,
    bucket,
    owner: { siteId: 'bench', databaseHash: 'bench' },
    maxDelete: { files: 1e9, percent: 100, absolute: 1e9 },
    concurrency: CONCURRENCY,
    claimedRecently: scope.kind !== 'whole',
    referenced: () => Promise.resolve(new Set()),
    otherDirectory: () => Promise.resolve(undefined),
    onFailure: (failure) => {
      process.stderr.write(`${failure.key}: ${failure.message}\n`);
    },
  });
  bucket.close();
  if (report.status !== 'done')
    throw new Error(`The run ended as ${report.status}: ${JSON.stringify(report.refused ?? report.error)}`);
  return report;
}
