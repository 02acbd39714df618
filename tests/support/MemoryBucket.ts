import { Readable } from 'node:stream';
import type {
  Bucket,
  BucketIdentity,
  DeleteOutcome,
  ObjectHead,
  PutInput,
  RemoteObject,
  RequestCounts,
  WriteCondition,
} from '../../server/src/sync/bucket/Bucket';
import { compareKeys } from '../../server/src/sync/compareKeys';
import { md5Of } from '../../server/src/sync/md5Of';
import { SyncError, type SyncErrorCode } from '../../server/src/sync/SyncError';
import { Steps } from './Steps';

/**
 * How a store treats conditions: `all` as AWS does; `not-on-delete` as MinIO and Ceph 16, which delete whatever is
 * there; `ignored` as stores that know none; `refused` as Swift, with 501.
 */
export type Conditions = 'all' | 'not-on-delete' | 'ignored' | 'refused';

/**
 * What goes wrong with one request.
 * - `busy`: 503, nothing was done. `conflict`: 409, nothing was done. `forbidden`: 403, nothing was done.
 * - `lost-answer`: it was done, but the caller sees a broken connection and gives up.
 * - `retried`: it was done, the answer was lost, and a repetition of it met its own result: 412 for a write that had a
 *   condition.
 * - `cut`: a body or a listing ends too early, and the caller notices.
 * - `unordered`: a listing does not come in order.
 */
export type FaultKind = 'busy' | 'conflict' | 'forbidden' | 'lost-answer' | 'retried' | 'cut' | 'unordered';

/** A fault at the n-th request of a run; the first one is 0. */
export interface Fault {
  at: number;
  kind: FaultKind;
}

interface StoredObject extends ObjectHead {
  body: Buffer;
}

/** What a bucket holds, shared by all who open it. */
export class MemoryStore {
  readonly objects = new Map<string, StoredObject>();
  readonly conditions: Conditions;

  constructor(conditions: Conditions) {
    this.conditions = conditions;
  }

  put(key: string, body: Buffer, contentType = 'text/plain', metadata: Record<string, string> = {}): string {
    const etag = md5Of(body);
    this.objects.set(key, { body, etag, size: body.length, lastModifiedMs: Date.now(), contentType, metadata });
    return etag;
  }
}

/** Keys in a page of a listing: few, so that a listing has several. */
const PAGE = 3;

/** One run's view of a bucket in memory: counts its requests, each of which is a step and can go wrong. */
export class MemoryBucket implements Bucket {
  readonly identity: BucketIdentity = { bucketName: 'memory', endpoint: '', prefix: '' };
  readonly #store: MemoryStore;
  readonly #faults: Map<number, FaultKind>;
  readonly #counts: RequestCounts = {};
  #requests = 0;
  /** Faults that made a difference. */
  faultsMet = 0;

  constructor(store: MemoryStore, faults: readonly Fault[] = []) {
    this.#store = store;
    this.#faults = new Map(faults.map(({ at, kind }) => [at, kind]));
  }

  async *list(prefixes: readonly string[]): AsyncIterable<RemoteObject[]> {
    const keys = [...this.#store.objects.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
    keys.sort(compareKeys);
    for (let at = 0; at === 0 || at < keys.length; at += PAGE) {
      const fault = await this.#request('ListObjectsV2');
      const page = this.#page(keys.slice(at, at + PAGE));
      if (fault === 'cut') {
        yield page.slice(0, 1);
        throw failure('LISTING_INCOMPLETE');
      }
      if (fault === 'unordered') throw failure('LISTING_OUT_OF_ORDER');
      yield page;
    }
  }

  async *listUnordered(prefixes: readonly string[]): AsyncIterable<RemoteObject[]> {
    await this.#request('ListObjectsV2');
    const keys = [...this.#store.objects.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
    keys.sort(compareKeys).reverse();
    yield this.#page(keys);
    yield this.#page(keys.slice(0, 1));
  }

  async head(key: string): Promise<ObjectHead | undefined> {
    await this.#request('HeadObject', key);
    return this.#store.objects.get(key);
  }

  async get(key: string): Promise<{ head: ObjectHead; body: Readable }> {
    const fault = await this.#request('GetObject', key);
    const object = this.#store.objects.get(key);
    if (!object) throw failure('OBJECT_NOT_FOUND', key);
    const { body } = object;
    return { head: object, body: fault === 'cut' ? cutBody(body, key) : Readable.from([body]) };
  }

  async getRange(): Promise<Readable> {
    throw new Error('No run asks for a part.');
  }

  async put({ key, body, md5, contentType, metadata, condition }: PutInput): Promise<{ etag: string }> {
    if (md5Of(body) !== md5) throw failure('INTEGRITY', key);
    return this.#write('PutObject', key, condition, () => ({
      etag: this.#store.put(key, body, contentType, metadata),
    }));
  }

  async putLarge(): Promise<{ etag: string }> {
    throw new Error('Files of these tests are small.');
  }

  async abortLarge(): Promise<void> {
    throw new Error('Files of these tests are small.');
  }

  async abortOrphans(): Promise<void> {
    throw new Error('Files of these tests are small.');
  }

  async delete(keys: readonly string[]): Promise<DeleteOutcome[]> {
    const fault = await this.#request('DeleteObjects');
    const outcomes = keys.map((key, index): DeleteOutcome => {
      // One key of a request can fail where the others do not.
      if (fault === 'cut' && index === 0) return { key, error: failure('STORE_ERROR', key) };
      this.#store.objects.delete(key);
      return { key };
    });
    if (fault === 'lost-answer' || fault === 'retried') throw failure('STORE_BUSY');
    return outcomes;
  }

  async deleteOne(key: string, condition?: { ifMatch: string }): Promise<void> {
    await this.#write('DeleteObject', key, condition, () => this.#store.objects.delete(key));
  }

  requests(): RequestCounts {
    return { ...this.#counts };
  }

  close(): void {
    // Nothing is held open.
  }

  /** Requests that change something. */
  static writes(requests: RequestCounts): number {
    return (requests.PutObject ?? 0) + (requests.DeleteObject ?? 0) + (requests.DeleteObjects ?? 0);
  }

  async #write<T>(operation: string, key: string, condition: WriteCondition | undefined, write: () => T): Promise<T> {
    const fault = await this.#request(operation, key);
    if (condition) this.#require(operation, key, condition);
    const result = write();
    if (fault === 'lost-answer') throw failure('STORE_BUSY', key);
    if (fault === 'retried' && condition) this.#require(operation, key, condition);
    return result;
  }

  #require(operation: string, key: string, condition: WriteCondition): void {
    const { conditions, objects } = this.#store;
    if (conditions === 'refused') throw failure('STORE_ERROR', key, 501);
    if (conditions === 'ignored' || (conditions === 'not-on-delete' && operation === 'DeleteObject')) return;
    const etag = objects.get(key)?.etag;
    const holds = 'ifAbsent' in condition ? etag === undefined : etag === condition.ifMatch;
    if (!holds) throw failure('PRECONDITION_FAILED', key, 412);
  }

  #page(keys: readonly string[]): RemoteObject[] {
    return keys.flatMap((key) => {
      const object = this.#store.objects.get(key);
      if (!object) return [];
      const { size, etag, lastModifiedMs } = object;
      return [{ key, size, etag, lastModifiedMs }];
    });
  }

  async #request(operation: string, key?: string): Promise<FaultKind | undefined> {
    await Steps.take();
    const fault = this.#faults.get(this.#requests);
    this.#requests += 1;
    this.#counts[operation] = (this.#counts[operation] ?? 0) + 1;
    if (fault === undefined) return undefined;
    this.faultsMet += 1;
    if (fault === 'busy') throw failure('STORE_BUSY', key, 503);
    if (fault === 'forbidden') throw failure('ACCESS_DENIED', key, 403);
    if (fault === 'conflict') throw failure(isWrite(operation) ? 'PRECONDITION_FAILED' : 'STORE_ERROR', key, 409);
    if (fault === 'lost-answer' && isRead(operation)) throw failure('STORE_UNREACHABLE', key);
    return fault;
  }
}

function isWrite(operation: string): boolean {
  return operation === 'PutObject' || operation === 'DeleteObject';
}

function isRead(operation: string): boolean {
  return operation === 'HeadObject' || operation === 'GetObject' || operation === 'ListObjectsV2';
}

function cutBody(body: Buffer, key: string): Readable {
  return Readable.from(
    (function* () {
      yield body.subarray(0, 1);
      throw failure('INTEGRITY', key);
    })(),
  );
}

function failure(code: SyncErrorCode, key?: string, httpStatus?: number): SyncError {
  return new SyncError(code, { message: `Simulated: ${code}.`, fix: '', key, httpStatus });
}
