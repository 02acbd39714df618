import type { Settings } from '../config/settingsSchema';
import type { BucketSettings } from '../sync/bucket/BucketSettings';
import type { CredentialsService } from './credentials';

/** Where the bucket is and how to reach it, as the settings and the credentials say. */
export function toBucketSettings(
  values: Settings,
  required: Pick<BucketSettings, 'bucketName' | 'awsRegion'>,
  credentials: CredentialsService,
): BucketSettings {
  const { prefix, endpoint, forcePathStyle, cacheControl, storageClass, serverSideEncryption, kmsKeyId, acl } = values;
  return {
    ...required,
    prefix,
    endpoint,
    forcePathStyle,
    cacheControl,
    storageClass,
    serverSideEncryption,
    kmsKeyId,
    acl,
    concurrency: values.concurrency,
    credentials: credentials.read(),
  };
}
