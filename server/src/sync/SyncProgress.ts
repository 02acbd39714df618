/** What a run is doing. `checking` looks whether a plan still holds; `syncing` walks both sides and transfers as it goes; `deleting` comes last. */
export type SyncPhase = 'starting' | 'checking' | 'syncing' | 'deleting' | 'finishing';

/** A snapshot of a running sync, made for people who watch it. */
export interface SyncProgress {
  phase: SyncPhase;
  /** Keys looked at so far, on either side. */
  seen: number;
  uploaded: number;
  downloaded: number;
  deletedRemote: number;
  deletedLocal: number;
  failed: number;
  /** Bytes transferred so far. */
  bytes: number;
  /** The key that was begun last, if any. */
  currentKey?: string;
}
