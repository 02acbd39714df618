import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { Store } from './stores';

/**
 * Makes the store refuse uploads with AccessDenied: by a bucket policy, or by a fault of the project's own server.
 *
 * @param keys a pattern with `*`.
 * @returns what allows them again.
 */
export async function refusePuts(store: Store, bucketName: string, keys: string): Promise<() => Promise<void>> {
  const { server } = store;
  if (server !== undefined) {
    const key = new RegExp(`^${keys.replaceAll('*', '.*')}$`);
    server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'PutObject', key } });
    return () => {
      server.clearFaults();
      return Promise.resolve();
    };
  }
  const client = store.client();
  const resources = [`arn:aws:s3:::${bucketName}`, `arn:aws:s3:::${bucketName}/*`];
  const everyone = { AWS: ['*'] };
  const refused = { Action: ['s3:PutObject'], Resource: [`arn:aws:s3:::${bucketName}/${keys}`] };
  await client.send(
    new PutBucketPolicyCommand({
      Bucket: bucketName,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: everyone, Action: ['s3:*'], Resource: resources },
          { Effect: 'Deny', Principal: everyone, ...refused },
        ],
      }),
    }),
  );
  return async () => {
    await client.send(new DeleteBucketPolicyCommand({ Bucket: bucketName }));
    client.destroy();
  };
}
