import { parseArgs } from 'node:util';
import { BROWSE_PATH } from './browsePage';
import { startS3Server } from './startS3Server';

const usage = `Starts the project's own S3 server, for the demo and for tries by hand: node --import tsx tests/support/s3-server/main.ts

  --port        S3_SERVER_PORT        port; a free one if absent
  --data-dir    S3_SERVER_DATA_DIR    folder that keeps the buckets; memory only if absent
  --region      S3_SERVER_REGION      default us-east-1
  --bucket      S3_SERVER_BUCKET      a bucket to make if it is not there
                S3_SERVER_ACCESS_KEY  access key id, required
                S3_SERVER_SECRET_KEY  secret access key, required

When ready it prints one line of JSON: { "endpoint", "region", "bucket", "browse" }. SIGTERM and SIGINT end it.
`;

/** @returns the exit code, if the server cannot be started. */
async function main(): Promise<number | undefined> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'data-dir': { type: 'string' },
      region: { type: 'string' },
      bucket: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { env } = process;
  const accessKey = env.S3_SERVER_ACCESS_KEY ?? '';
  const secretKey = env.S3_SERVER_SECRET_KEY ?? '';
  if (values.help === true || accessKey === '' || secretKey === '') {
    process.stderr.write(usage);
    return values.help === true ? 0 : 2;
  }
  const bucket = values.bucket ?? env.S3_SERVER_BUCKET;
  const server = await startS3Server({
    port: Number(values.port ?? env.S3_SERVER_PORT ?? 0),
    dataDir: values['data-dir'] ?? env.S3_SERVER_DATA_DIR,
    region: values.region ?? env.S3_SERVER_REGION,
    credentials: { [accessKey]: secretKey },
  });
  if (bucket !== undefined) server.createBucket(bucket);
  const browse = `${server.endpoint}${BROWSE_PATH}${bucket === undefined ? '' : `${bucket}/`}`;
  process.stdout.write(`${JSON.stringify({ endpoint: server.endpoint, region: server.region, bucket, browse })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
  return undefined;
}

main().then(
  (code) => {
    if (code !== undefined) process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`s3-server: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
