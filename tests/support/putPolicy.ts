import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import type { Store } from './stores';

/** What a policy refuses to everyone but the bucket's owner. */
export interface Denial {
  /** As policies name it: `s3:PutObject`. */
  action: string;
  /** Pattern of keys; the bucket itself if absent. */
  keys?: string;
}

/**
 * Gives the second user all rights on a bucket but those that are denied; Ceph denies them to the bucket's owner too.
 * The project's own server knows no policies: there it does nothing.
 */
export async function putPolicy(store: Store, bucketName: string, denials: readonly Denial[]): Promise<void> {
  if (store.server) return;
  const bucket = `arn:aws:s3:::${bucketName}`;
  const Principal = { AWS: ['*'] };
  const denied = denials.map(({ action, keys }) => ({
    Effect: 'Deny',
    Principal,
    Action: [action],
    Resource: [keys === undefined ? bucket : `${bucket}/${keys}`],
  }));
  const allowed = { Effect: 'Allow', Principal, Action: ['s3:*'], Resource: [bucket, `${bucket}/*`] };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [allowed, ...denied] });
  const client = store.client();
  await client.send(new PutBucketPolicyCommand({ Bucket: bucketName, Policy }));
  client.destroy();
}
