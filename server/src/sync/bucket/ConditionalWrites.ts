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
  readonly #onContradiction: () => Promise<void>;
  #can: WriteConditions;

  /**
   * @param can what the store was found to honour.
   * @param onContradiction called when an answer shows that this is no longer so; the store is to be probed again.
   */
  constructor(bucket: Bucket, can: WriteConditions, onContradiction: () => Promise<void>) {
    this.#bucket = bucket;
    this.#can = can;
    this.#onContradiction = onContradiction;
  }

  /** @throws {SyncError} `PRECONDITION_FAILED` where somebody else was first, else as `Bucket.put`. */
  async put(input: PutInput, expected: Expected): Promise<{ etag: string }> {
    const condition = this.#conditionFor(expected);
    if (condition) {
      const done = await this.#unlessUnsupported(this.#bucket.put({ ...input, condition }));
      if (done) return done;
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
    const upload = (more: Partial<PutLargeInput>): Promise<{ etag: string }> =>
      this.#bucket.putLarge({
        ...input,
        ...more,
        beforeComplete: async () => {
          await input.beforeComplete();
          await this.#require(input.key, expected, input.signal);
        },
      });
    if (!condition) return upload({});
    const done = await this.#unlessUnsupported(upload({ condition }));
    // Its parts were read and hashed in order, which cannot be done twice.
    if (!done) throw changedMeanwhile(input.key);
    return done;
  }

  /** @throws {SyncError} `PRECONDITION_FAILED` where the object is another one by now. */
  async delete(key: string, etag: string, signal: AbortSignal | undefined): Promise<void> {
    if (this.#can.deleteIfMatch) {
      const deletion = this.#bucket.deleteOne(key, { ifMatch: etag }, signal).then(() => true);
      if (await this.#unlessUnsupported(deletion)) return;
    }
    const head = await this.#bucket.head(key, signal);
    if (!head) return;
    if (head.etag !== etag) throw changedMeanwhile(key);
    await this.#bucket.deleteOne(key, undefined, signal);
  }

  /** @returns `undefined` where the store turned out not to know conditions: then none is sent any more. */
  async #unlessUnsupported<T>(write: Promise<T>): Promise<T | undefined> {
    try {
      return await write;
    } catch (error) {
      if (!(error instanceof SyncError) || error.httpStatus !== 501) throw error;
      this.#can = { putIfAbsent: false, putIfMatch: false, deleteIfMatch: false };
      await this.#onContradiction();
      return undefined;
    }
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
