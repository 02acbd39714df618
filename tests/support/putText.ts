import { createHash } from 'node:crypto';
import type { Bucket, WriteCondition } from '../../server/src/sync/bucket/Bucket';

/** Puts a small text file. @returns its ETag. */
export async function putText(bucket: Bucket, key: string, text: string, condition?: WriteCondition): Promise<string> {
  const body = Buffer.from(text);
  const md5 = createHash('md5').update(body).digest('hex');
  const { etag } = await bucket.put({ key, body, md5, contentType: 'text/plain', metadata: {}, condition });
  return etag;
}
