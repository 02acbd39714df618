import type { Base } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import type { Mode } from './decide';
import type { KeyFilter } from './KeyFilter';
import type { SyncProgress } from './SyncProgress';
import type { KeyFailure, SyncReport } from './SyncReport';

/** Who writes to the bucket: compared with the mark `<prefix>/.s3-sync/owner`. */
export interface OwnerIdentity {
  /** Random id of the site, from its own database. */
  siteId: string;
  /** Hash of the database connection, without secrets: a dump restored elsewhere is another site. */
  databaseHash: string;
}

/** Limits of the `maxDelete` guard: refused when more than `files` and more than `percent`, or more than `absolute`. */
export interface MaxDelete {
  files: number;
  percent: number;
  absolute: number;
}

export interface SyncOptions {
  mode: Mode;
  /** Absolute path of the synced directory; keys are relative to it. */
  directory: string;
  filter: KeyFilter;
  bucket: Bucket;
  base: Base;
  owner: OwnerIdentity;
  maxDelete: MaxDelete;
  /** Transfers at a time. */
  concurrency: number;
  /**
   * Exactly these keys are synced, without a walk or a listing (a media event names them).
   * A key that is missing locally is deleted by name: such deletes do not count for `maxDelete`.
   */
  keys?: readonly string[];
  /** Which of the keys a database row still names: their deletes are withheld. */
  referenced(keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Digest of a refusal that a person confirmed. */
  confirm?: string;
  /** An administrator takes over a bucket that another site or directory owned. */
  takeOver?: boolean;
  signal?: AbortSignal;
  onProgress?(progress: SyncProgress): void;
  onFailure?(failure: KeyFailure): void;
}

/**
 * Brings the directory and the bucket in step once.
 * Never rejects: whatever happens is in the report.
 */
export declare function sync(options: SyncOptions): Promise<SyncReport>;
