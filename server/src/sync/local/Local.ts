import type { Fingerprint } from '../Fingerprint';
import type { KeyFilter } from '../KeyFilter';
import type { SyncError } from '../SyncError';

/** A file that a walk found. */
export interface LocalFile {
  kind: 'file';
  key: string;
  fingerprint: Fingerprint;
}

/**
 * Something that a walk could not look into: never an absence.
 * `key`: this one key is unknown; `folder`: every key below `key + '/'` is; `key-and-folder`: both, as with a link,
 * which could be either; `name`: it has no key at all.
 */
export interface LocalUnknown {
  kind: 'unknown';
  key: string;
  scope: 'key' | 'folder' | 'key-and-folder' | 'name';
  failure: SyncError;
}

export type LocalEntry = LocalFile | LocalUnknown;

/** A local file held open, so that what was looked at is what is read. */
export interface OpenFile {
  fingerprint(): Promise<Fingerprint>;
  /**
   * Reads exactly `length` bytes at `offset`.
   * @throws {SyncError} `LOCAL_CHANGED` where the file is shorter by now.
   */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** The local side: files below one directory, named by key. */
export interface Local {
  /**
   * Matching files, strictly ascending by the UTF-8 bytes of their keys, in batches. An unknown folder comes at the
   * place of `key + '/'`. Memory holds the names of the folders on the way to the current one.
   * @throws {SyncError} `DIRECTORY_MISSING`, `CANCELLED`
   */
  walk(filter: KeyFilter, signal?: AbortSignal): AsyncIterable<LocalEntry[]>;
  /**
   * One file by name; `undefined` only where it is surely absent.
   * @throws {SyncError} `DIRECTORY_MISSING`, `LOCAL_UNREADABLE`, `SYMLINK`, `UNSAFE_KEY`
   */
  stat(key: string): Promise<Fingerprint | undefined>;
  /** @throws {SyncError} as `stat`, and `LOCAL_CHANGED` where the file is gone. */
  open(key: string): Promise<OpenFile>;
}
