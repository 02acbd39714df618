import { GetBucketVersioningCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { throwIfCancelled } from '../throwIfCancelled';
import type { BucketSettings } from './BucketSettings';
import { readStoreError } from './readStoreError';
import { clientConfig } from './S3Connection';

/** What the store says of a bucket beside its objects. What it does not tell these credentials is `undefined`. */
export interface BucketInspection {
  /** Whether a deleted or overwritten object can be brought back in the bucket. */
  versioning(signal?: AbortSignal): Promise<'on' | 'suspended' | 'off' | undefined>;
  /** Whether someone without credentials may read the object, tried with a request that is not signed. */
  isReadableByAnyone(key: string, signal?: AbortSignal): Promise<boolean | undefined>;
  /** Closes its sockets. */
  close(): void;
}

/**
 * Opens a look at a bucket's properties. None of them is needed for a sync, so a refusal is no error here.
 *
 * @param settings where the bucket is and how to reach it.
 */
export function openInspection(settings: BucketSettings): BucketInspection {
  const signed = new S3Client(clientConfig(settings));
  const anonymous = new S3Client({
    ...clientConfig(settings),
    credentials: { accessKeyId: 'anonymous', secretAccessKey: 'anonymous' },
    signer: { sign: (request) => Promise.resolve(request) },
  });
  const { bucketName, prefix } = settings;
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;

  return {
    async versioning(signal) {
      try {
        const { Status } = await signed.send(new GetBucketVersioningCommand({ Bucket: bucketName }), {
          abortSignal: signal,
        });
        if (Status === 'Enabled') return 'on';
        return Status === 'Suspended' ? 'suspended' : 'off';
      } catch {
        throwIfCancelled(signal);
        return undefined;
      }
    },

    async isReadableByAnyone(key, signal) {
      try {
        await anonymous.send(new HeadObjectCommand({ Bucket: bucketName, Key: folder + key }), { abortSignal: signal });
        return true;
      } catch (error) {
        throwIfCancelled(signal);
        const { httpStatus } = readStoreError(error);
        return httpStatus === 401 || httpStatus === 403 ? false : undefined;
      }
    },

    close() {
      signed.destroy();
      anonymous.destroy();
    },
  };
}
