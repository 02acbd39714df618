import { randomUUID } from 'node:crypto';
import { STATE_FOLDER } from '../KeyFilter';
import { md5Of } from '../md5Of';
import { SyncError } from '../SyncError';
import type { Bucket, WriteCondition } from './Bucket';

/** What a store honours of the conditions a write can carry. */
export interface WriteConditions {
  /** `If-None-Match: *` on PutObject. */
  putIfAbsent: boolean;
  /** `If-Match` on PutObject. */
  putIfMatch: boolean;
  /** `If-Match` on DeleteObject. */
  deleteIfMatch: boolean;
}

const WRONG_ETAG = '00000000000000000000000000000000';

/**
 * Finds out on a scratch key what the store really does: documentation and `200 OK` are no proof (MinIO ignores
 * If-Match on a delete, Ceph 16 too, Swift answers 501). Costs seven requests at most.
 *
 * @throws {SyncError} as the bucket, where not even a plain write succeeds.
 */
export async function probeConditions(bucket: Bucket, signal?: AbortSignal): Promise<WriteConditions> {
  const key = `${STATE_FOLDER}/probe-${randomUUID()}`;
  const put = (text: string, condition?: WriteCondition): Promise<{ etag: string }> => {
    const body = Buffer.from(text);
    return bucket.put({ key, body, md5: md5Of(body), contentType: 'text/plain', metadata: {}, condition, signal });
  };
  const { etag } = await put('first');
  try {
    const putIfAbsent = await refuses(() => put('second', { ifAbsent: true }));
    const putIfMatch =
      (await refuses(() => put('third', { ifMatch: WRONG_ETAG }))) &&
      !(await refuses(() => put('first', { ifMatch: etag })));
    const deleteIfMatch =
      (await refuses(() => bucket.deleteOne(key, { ifMatch: WRONG_ETAG }, signal))) &&
      (await bucket.head(key, signal)) !== undefined;
    return { putIfAbsent, putIfMatch, deleteIfMatch };
  } finally {
    await bucket.deleteOne(key, undefined, signal);
  }
}

/** Whether the write is refused because its condition does not hold; any other refusal means it is not supported. */
async function refuses(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return false;
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    // A 409 says that others write at the same time, not that the condition was looked at.
    if (error.code === 'PRECONDITION_FAILED' && error.httpStatus !== 409) return true;
    if (error.httpStatus === 501 || error.httpStatus === 400) return false;
    throw error;
  }
}
