import { SyncError } from '../SyncError';
import type { Bucket, PutInput, PutLargeInput } from './Bucket';
import type { WriteConditions } from './probeConditions';

/** What a write must find in the bucket: nothing, or the object with this ETag. */
export type Expected = { absent: true } | { etag: string };

/**
 * Writes that happen only where the bucket holds what is expected. Where the store does not honour the condition
 * (MinIO and Ceph 16 ignore If-Match on a delete: minio/minio#21677), the object is looked at right before; the
 * window is then as long as one request.
 */
export class ConditionalWrites {
  readonly #bucket: Bucket;
  readonly #can: WriteConditions;

  /** @param can what the store was found to honour. */
  constructor(bucket: Bucket, can: WriteConditions) {
    this.#bucket = bucket;
    this.#can = can;
  }

  /** @throws {SyncError} `PRECONDITION_FAILED` where somebody else was first, else as `Bucket.put`. */
  async put(input: PutInput, expected: Expected): Promise<{ etag: string }> {
    if ('absent' in expected && this.#can.putIfAbsent) {
      return this.#bucket.put({ ...input, condition: { ifAbsent: true } });
    }
    if ('etag' in expected && this.#can.putIfMatch) {
      return this.#bucket.put({ ...input, condition: { ifMatch: expected.etag } });
    }
    await this.#require(input.key, expected, input.signal);
    return this.#bucket.put(input);
  }

  /**
   * Conditions on CompleteMultipartUpload are ignored by more stores than those on PutObject (Ceph 16), so the object
   * is looked at before the last step in any case.
   * @throws {SyncError} as `put`.
   */
  async putLarge(input: PutLargeInput, expected: Expected): Promise<{ etag: string }> {
    const condition = this.#conditionFor(expected);
    return this.#bucket.putLarge({
      ...input,
      ...(condition ? { condition } : {}),
      beforeComplete: async () => {
        await input.beforeComplete();
        await this.#require(input.key, expected, input.signal);
      },
    });
  }

  /** @throws {SyncError} `PRECONDITION_FAILED` where the object is another one by now. */
  async delete(key: string, etag: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#can.deleteIfMatch) {
      await this.#bucket.deleteOne(key, { ifMatch: etag }, signal);
      return;
    }
    const head = await this.#bucket.head(key, signal);
    if (!head) return;
    if (head.etag !== etag) throw changedMeanwhile(key);
    await this.#bucket.deleteOne(key, undefined, signal);
  }

  #conditionFor(expected: Expected): { ifAbsent: true } | { ifMatch: string } | undefined {
    if ('absent' in expected) return this.#can.putIfAbsent ? { ifAbsent: true } : undefined;
    return this.#can.putIfMatch ? { ifMatch: expected.etag } : undefined;
  }

  async #require(key: string, expected: Expected, signal: AbortSignal | undefined): Promise<void> {
    const head = await this.#bucket.head(key, signal);
    const holds = 'absent' in expected ? head === undefined : head?.etag === expected.etag;
    if (!holds) throw changedMeanwhile(key);
  }
}

function changedMeanwhile(key: string): SyncError {
  return new SyncError('PRECONDITION_FAILED', {
    message: `Someone else changed ${key} in the bucket at the same time.`,
    fix: 'Nothing needs to be done: the next sync looks at it again.',
    key,
  });
}
