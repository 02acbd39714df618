/** What the policy depends on: of the settings, or of a form where they are not checked yet. */
export interface PolicySettings {
  bucketName: string;
  /** `''`, or ends with `/`. */
  prefix: string;
  awsRegion?: string;
  acl?: string;
  kmsKeyId?: string;
  serverSideEncryption?: string;
}

/**
 * The IAM policy of a user or role that may do what a sync needs, and nothing else. What has to do with multipart uploads
 * is not required: it cleans up those that were interrupted.
 *
 * Listing is not narrowed to the prefix: whether a bucket is there at all is asked with the same right.
 */
export function makePolicy(settings: PolicySettings): Record<string, unknown> {
  const { bucketName, prefix, awsRegion, acl, kmsKeyId, serverSideEncryption } = settings;
  const partition = partitionOf(awsRegion ?? '');
  const bucket = `arn:${partition}:s3:::${bucketName}`;
  const objectActions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
  const statements: Record<string, unknown>[] = [
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: bucket },
    {
      Effect: 'Allow',
      Action: acl === undefined ? objectActions : [...objectActions, 's3:PutObjectAcl'],
      Resource: `${bucket}/${prefix}*`,
    },
  ];
  if (serverSideEncryption?.startsWith('aws:kms') === true) {
    statements.push({
      Effect: 'Allow',
      Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
      Resource: kmsKeyId?.startsWith('arn:') === true ? kmsKeyId : '*',
    });
  }
  return { Version: '2012-10-17', Statement: statements };
}

/** Regions of China and of the US government have names of resources of their own. */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
