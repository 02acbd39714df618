import path from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { S3SyncClient } from 's3-sync-client';
import { measureJob } from './measureJob';

/** The npm package that does what `aws s3 sync` does, on the same SDK as ours. */
void measureJob(async ({ directory, bucket, endpoint, credentials, direction }) => {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials,
    forcePathStyle: true,
    // Ceph 16 refuses the checksums that the SDK sends after a stream.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const syncClient = new S3SyncClient({ client });
  const local = path.join(directory, 'uploads');
  const remote = `s3://${bucket}/uploads`;
  const options = { del: true, maxConcurrentTransfers: 16, partSize: 8 * 2 ** 20 };
  if (direction === 'up') await syncClient.sync(local, remote, options);
  else await syncClient.sync(remote, local, options);
  client.destroy();
});
