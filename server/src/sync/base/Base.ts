import type { RemoteObject } from '../bucket/Bucket';
import type { WriteConditions } from '../bucket/probeConditions';
import type { FeedChange } from '../Feed';
import type { Fingerprint } from '../Fingerprint';
import type { KeyLocks } from '../KeyLocks';
import type { PlannedOperation } from '../PlannedOperation';

/** What this directory and the bucket last agreed on for one key: the common ancestor of a three-way merge. */
export interface BaseEntry {
  fingerprint: Fingerprint;
  /** The object's ETag, without quotes. */
  etag: string;
  /** MD5 of the content in hex. */
  md5: string;
  /**
   * The file was so fresh when it was read that a later write could carry the same times; its fingerprint proves
   * nothing until it has been read once more. (Git calls such entries "racily clean".)
   */
  racy: boolean;
}

/** Written before a change is made in the bucket, so that a killed run leaves a trace of what it had begun. */
export interface Intent {
  action: 'upload' | 'download' | 'delete-remote' | 'delete-local';
  /** Milliseconds since the epoch. */
  at: number;
  /** Of an upload whose content's hash is known beforehand: what is to be told to the others when it is done. */
  put?: FeedChange;
  /** Of a download: the file that was to be put in place, by what a new name leaves as it is, and its content. */
  file?: { size: number; mtimeNs: bigint; inode: bigint; etag: string; md5: string };
  /** Of an upload in parts: the store may have begun it although its id never came. */
  isLarge?: boolean;
  /** Of a large upload: its id in the store, so that a later run can abort it. */
  uploadId?: string;
}

/** What came of an operation. */
export interface Settled {
  key: string;
  /** `undefined` drops the entry. */
  entry: BaseEntry | undefined;
  /** The rows of the feed that name the key have been carried out up to this position. */
  heardUpTo?: number;
}

/** A delete that waits for the end of the walk and for the guards. */
export interface PlannedDelete {
  key: string;
  /** Where it is to be deleted. */
  side: 'remote' | 'local';
  /** Bytes of the object. */
  size: number;
}

/** Deletes that one run did, or was about to do. */
export interface RecentDeletes {
  /** Milliseconds since the epoch. */
  at: number;
  count: number;
  side: PlannedDelete['side'];
  /** The run was cut off: nobody knows how many of them were done. What was not is planned again. */
  open?: boolean;
}

/** Facts about the pair of directory and bucket, kept beside the entries. */
export interface BaseFacts {
  /** Modes in which a whole run has once ended without a refusal: only then are deletes done unasked. */
  trustedModes: string[];
  /** A whole run has once looked at every key, so that single keys can be synced alone. */
  reconciled: boolean;
  /** Deletes inferred from absence that were done, newest last; at most the last 24 h are of use. */
  deletes: RecentDeletes[];
  /**
   * A run found the directory, or a folder of it, emptied. It stays so until no delete waits any more, or a person has
   * confirmed: a single new file must not make the others look deleted.
   */
  emptied?: 'directory-emptied' | 'folder-emptied';
  /** Milliseconds since the epoch at which the base was last forgotten, because most files had been replaced. */
  forgottenAt?: number;
  /** Since it was forgotten, no whole run has ended without a refusal. */
  replaced?: boolean;
  /** Position of the change feed at the start of the last complete reconcile. */
  feedPosition?: number;
  /** What the store was found to honour of write conditions. */
  conditions?: WriteConditions;
  /** ETag of the owner mark as it was last read or written. */
  ownerEtag?: string;
  /** The owner mark's text as it was last read or written. */
  ownerText?: string;
}

/**
 * The base of one directory and one bucket, prefix and filter. One process at a time holds it open.
 * Every method throws `SyncError` `BASE_DAMAGED` where the store on disk cannot be read.
 */
export interface Base {
  /** Held by whoever works at a key: more than one run, and what is fetched while it is asked for, may use a base. */
  readonly locks: KeyLocks;
  get(key: string): Promise<BaseEntry | undefined>;
  /** All entries, ascending by the UTF-8 bytes of their keys, as they were when the iteration began. */
  entries(): AsyncIterable<{ key: string; entry: BaseEntry }[]>;
  /** The keys of all entries, in the same order: a look at these alone costs a fraction. */
  keys(): AsyncIterable<string[]>;
  /** Notes what is about to be done to these keys. */
  begin(keys: readonly string[], intent: Intent): Promise<void>;
  /**
   * Notes what came of it and forgets the intent, in one batch. `undefined` drops the entry.
   * @param change row for the change feed, kept here until the database has it.
   */
  settle(results: readonly Settled[], change?: FeedChange): Promise<void>;
  /** Position in the feed up to which the rows of a key were carried out here; `undefined` where none was by itself. */
  heardUpTo(key: string): Promise<number | undefined>;
  /** Forgets what was carried out up to here key by key: the directory has seen these rows as a whole. */
  forgetHeard(upTo: number): Promise<void>;
  /** Rows that wait for the database, oldest first. */
  outbox(): Promise<{ id: string; change: FeedChange }[]>;
  /** Forgets rows that the database has. */
  sent(ids: readonly string[]): Promise<void>;
  /** The operation of this key that was begun and not settled yet, if there is one. */
  intent(key: string): Promise<Intent | undefined>;
  /** Operations that were begun and never settled: the entries of these keys prove nothing. */
  unsettled(): Promise<ReadonlyMap<string, Intent>>;
  /** Forgets the intents of these keys, which turned out to be on neither side. */
  forgetIntents(keys: Iterable<string>): Promise<void>;
  /**
   * Forgets all entries and intents and sets the facts. A kill in between leaves a base that forgets the rest when it is
   * opened. Rows that wait for the database stay.
   */
  forget(facts: BaseFacts): Promise<void>;
  /** The same object for all who ask, so that nobody overwrites what another one noted. */
  facts(): Promise<BaseFacts>;
  setFacts(facts: BaseFacts): Promise<void>;
  /** Puts deletes aside on disk, so that memory does not grow with them. Keys must come ascending. */
  planDeletes(deletes: readonly PlannedDelete[]): Promise<void>;
  /** The deletes put aside, ascending, in batches of up to 1,000. */
  plannedDeletes(): AsyncIterable<PlannedDelete[]>;
  clearPlannedDeletes(): Promise<void>;
  /** The same for operations that are only to be shown. */
  planOperations(operations: readonly PlannedOperation[]): Promise<void>;
  /** The operations put aside, ascending by key, in batches of up to 1,000. */
  plannedOperations(): AsyncIterable<PlannedOperation[]>;
  clearPlannedOperations(): Promise<void>;
  /** Sorts a listing on disk, for a store that does not list in order; of repeated keys the last one counts. */
  sortListing(pages: AsyncIterable<RemoteObject[]>): AsyncIterable<RemoteObject[]>;
  close(): Promise<void>;
}
