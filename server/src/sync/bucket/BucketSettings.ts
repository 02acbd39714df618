/** What is needed to open a bucket. */
export interface BucketSettings {
  bucketName: string;
  awsRegion: string;
  /** With or without its trailing `/`; `''` for the whole bucket. */
  prefix: string;
  /** URL of an S3-compatible store; absent for AWS. */
  endpoint?: string;
  forcePathStyle?: boolean;
  cacheControl?: string;
  storageClass?: string;
  serverSideEncryption?: string;
  kmsKeyId?: string;
  /** Sent only if set. */
  acl?: string;
  /** Requests at a time. */
  concurrency: number;
  /** Static credentials; absent for the AWS default chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** Milliseconds; defaults 5,000 to connect, 30,000 without a byte on the socket. */
  timeouts?: { connectMs?: number; idleMs?: number };
  /** Attempts for one request, the first included; default 8. A store that says it is busy gets three times as many. */
  maxAttempts?: number;
}
