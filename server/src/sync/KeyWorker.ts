import type { PlannedDelete } from './base/Base';
import type { Decision } from './decide';
import type { KeySides } from './mergeSides';
import type { SyncError } from './SyncError';

/** What became of one key. */
export type Outcome =
  | { kind: 'unchanged' | 'uploaded' | 'downloaded' | 'deleted-remote' | 'deleted-local' }
  /** The file went away meanwhile; the next run sees it. */
  | { kind: 'vanished' }
  /** Both sides had changed; the loser is in the trash. */
  | { kind: 'conflict'; winner: 'local' | 'remote' }
  /** The key came out to be a delete only when it was looked at. */
  | { kind: 'to-delete'; side: PlannedDelete['side']; size: number }
  /** A database row still names the file, so its object stays. */
  | { kind: 'withheld' };

/** What became of one key of a batch. */
export type KeyResult = { key: string } & ({ outcome: Outcome } | { error: SyncError });

export interface PerformOptions {
  /** A person named the file: its media entry was made, changed or deleted. */
  byName: boolean;
  /** It was somewhere else that the person did so; absent means here. */
  heard?: boolean;
  /** Told of deletes that have been noted in base and are about to be done. */
  onBegun?: (count: number) => Promise<void>;
}

/** Does the operations of one mode. */
export interface KeyWorker {
  /** What can be said of a key without a listing. */
  look(key: string): Promise<KeySides>;
  /**
   * Does what else there is to a delete by name, before the first request, since the store may be away: a file that was
   * fetched only after Strapi had deleted it goes to the trash, and who has a file that never came here is told not to
   * send it.
   *
   * @param key of a file whose media entry was deleted on this server.
   * @throws {SyncError} of the file, and what the feed throws.
   */
  concludeDelete?(key: string): Promise<void>;
  /**
   * Decides what `perform` would do, reading what that needs and writing nothing.
   * @throws {SyncError} of the file or of the bucket.
   */
  preview(sides: KeySides): Promise<Decision>;
  /**
   * Does what has to be done about a key, deletes apart.
   * @throws {SyncError} of the file or of the bucket.
   */
  perform(sides: KeySides, options: PerformOptions): Promise<Outcome>;
  /**
   * Does deletes that may be done, each after one more look.
   * @returns one result for each key.
   * @throws {SyncError} where a whole request failed.
   */
  performDeletes(deletes: readonly PlannedDelete[], options: PerformOptions): Promise<KeyResult[]>;
}
