import type { Readable } from 'node:stream';
import type { SyncError } from '../SyncError';

/** One object as a listing page gives it. */
export interface RemoteObject {
  /** Key without the configured prefix. Not yet checked for safety. */
  key: string;
  /** Bytes. */
  size: number;
  /** ETag without its quotes; opaque unless it proves equality. */
  etag: string;
  /** Milliseconds since the epoch. */
  lastModifiedMs: number;
}

/** What HEAD (or GET) tells about one object. */
export interface ObjectHead {
  /** Bytes. */
  size: number;
  etag: string;
  lastModifiedMs: number;
  contentType: string | undefined;
  /** User metadata, names in lower case, values as they were given to `put`. */
  metadata: Record<string, string>;
}

/** What a write expects to find; without one it overwrites whatever is there. */
export type WriteCondition = { ifAbsent: true } | { ifMatch: string };

export interface PutInput {
  key: string;
  body: Buffer;
  /** MD5 of the body in hex: sent as Content-MD5, so that the store verifies what it received. */
  md5: string;
  /** SHA-256 of the body in hex, where it is known: the signature covers it. */
  sha256?: string;
  contentType: string;
  metadata: Record<string, string>;
  condition?: WriteCondition;
  signal?: AbortSignal;
}

export interface PutLargeInput {
  key: string;
  /** Bytes of the whole object. */
  size: number;
  contentType: string;
  metadata: Record<string, string>;
  condition?: WriteCondition;
  /** Called with the id of the upload before its first part is sent, so that a killed upload can be aborted later. */
  onBegun?(uploadId: string): Promise<void>;
  /** Reads `length` bytes at `offset`; called once for each part, a few at a time, in order of offset. */
  readPart(offset: number, length: number): Promise<Buffer>;
  /** Called after the last part and before completion; a throw aborts the upload and nothing is written. */
  beforeComplete(): Promise<void>;
  /** Called after each part the store took, with its bytes. */
  onPart?(bytes: number): void;
  signal?: AbortSignal;
}

export interface DeleteOutcome {
  key: string;
  /** Absent when the store confirmed that the object is gone. */
  error?: SyncError;
}

/** Attempts sent to the store since the bucket was opened, retries included, by operation (`PutObject`, …). */
export type RequestCounts = Record<string, number>;

/** What tells one remote side from another. */
export interface BucketIdentity {
  bucketName: string;
  /** The endpoint URL, or `''` for AWS. */
  endpoint: string;
  /** `''`, or a prefix that ends with `/`. */
  prefix: string;
}

/** Bytes of an object, from `first` to `last`, both included. */
export interface ObjectPart {
  first: number;
  last: number;
  /** Bytes of the whole object. */
  size: number;
}

/**
 * The remote side. Keys are relative to the prefix. Every method throws `SyncError`, and `SyncError` with code
 * `CANCELLED` when its signal is aborted.
 */
export interface Bucket {
  readonly identity: BucketIdentity;
  /**
   * Objects whose key begins with one of the given strings, page by page.
   * The prefixes must be sorted by UTF-8 bytes, none a prefix of another; `['']` lists everything.
   * Keys come strictly ascending by UTF-8 bytes: a store that answers otherwise gives `LISTING_OUT_OF_ORDER`,
   * a listing that stops short `LISTING_INCOMPLETE`.
   */
  list(prefixes: readonly string[], signal?: AbortSignal): AsyncIterable<RemoteObject[]>;
  /** Like `list`, but takes pages in any order and repeated keys (the last one counts) and promises no order. */
  listUnordered(prefixes: readonly string[], signal?: AbortSignal): AsyncIterable<RemoteObject[]>;
  /** `undefined` only where the store says 404: a refusal is an error, never an absence. */
  head(key: string, signal?: AbortSignal): Promise<ObjectHead | undefined>;
  /**
   * The object and its bytes. An idle or cut body ends the stream with an error. Throws `OBJECT_NOT_FOUND` on 404.
   * Those of a small object may be here already: `whole` are the bytes that `body` gives, for whoever needs no stream.
   */
  get(key: string, signal?: AbortSignal): Promise<{ head: ObjectHead; body: Readable; whole?: Buffer }>;
  /**
   * A part of an object, all of one version; as `get`.
   * @throws {SyncError} `OBJECT_NOT_FOUND` on 404, `PRECONDITION_FAILED` where the object is not of that size any more.
   */
  getRange(key: string, part: ObjectPart, signal?: AbortSignal): Promise<Readable>;
  /** One PutObject from memory. Returns the object's ETag without quotes. */
  put(input: PutInput): Promise<{ etag: string }>;
  /** A multipart upload, aborted when it fails. Returns the ETag without quotes. */
  putLarge(input: PutLargeInput): Promise<{ etag: string }>;
  /** Aborts an upload that a killed process began. One that is not there any more is no error. */
  abortLarge(key: string, uploadId: string, signal?: AbortSignal): Promise<void>;
  /**
   * Aborts uploads of this key that the store began and whose ids never came: the process was killed, or the answer lost.
   * The rights for it are optional: what the store refuses is no error.
   * @param begunMs when the upload was about to be begun, by this server's clock, milliseconds since the epoch.
   */
  abortOrphans(key: string, begunMs: number, signal?: AbortSignal): Promise<void>;
  /** DeleteObjects, 1,000 keys a request; one outcome per key. Throws only when a whole request failed. */
  delete(keys: readonly string[], signal?: AbortSignal): Promise<DeleteOutcome[]>;
  /**
   * One DeleteObject. A missing object is no error, unless a condition asked for it.
   * @throws {SyncError} `PRECONDITION_FAILED` where the store honours the condition and it does not hold.
   */
  deleteOne(key: string, condition?: { ifMatch: string }, signal?: AbortSignal): Promise<void>;
  requests(): RequestCounts;
  /** Closes its sockets. */
  close(): void;
}
