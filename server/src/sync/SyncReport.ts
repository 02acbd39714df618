import type { RequestCounts } from './bucket/Bucket';
import type { WriteConditions } from './bucket/probeConditions';
import type { Mode } from './decide';
import type { TotalOfSides } from './SideTotals';
import type { SyncErrorCode } from './SyncError';

/** How a run ended. */
export type SyncStatus = 'done' | 'refused' | 'partial' | 'failed' | 'cancelled';

/** The rules that can withhold deletes. */
export type GuardName =
  | 'directory-missing'
  | 'directory-emptied'
  | 'folder-emptied'
  | 'bucket-emptied'
  | 'first-run'
  | 'max-delete'
  | 'other-site'
  | 'other-directory';

/** Why a run's deletes were withheld, and what a person must name to confirm them. */
export interface Refusal {
  guard: GuardName;
  /** Deletes withheld because of this guard, on one side. */
  count: number;
  /** All deletes that were withheld, and that a confirmation does; absent where a run stopped before it knew them. */
  deletes?: { remote: number; local: number };
  /** The most the guard would have let pass. */
  limit: number;
  message: string;
  fix: string;
  /** Digest of the withheld deletes; a run given it as `confirm` does exactly these. Absent where no confirmation helps. */
  digest?: string;
}

/** One key that did not do what the plan said. */
export interface KeyFailure {
  key: string;
  code: SyncErrorCode;
  message: string;
  fix: string;
}

/** What a finished run did. Failures are streamed to `onFailure` and only counted here. */
export interface SyncReport {
  mode: Mode;
  status: SyncStatus;
  uploaded: number;
  downloaded: number;
  deletedRemote: number;
  deletedLocal: number;
  unchanged: number;
  conflicts: number;
  failed: number;
  /** Deletes that were planned and not done, whatever the reason. */
  withheld: number;
  /** Bytes transferred. */
  bytes: number;
  durationMs: number;
  requests: RequestCounts;
  /** What stands on each side, where the run looked at everything to its end. Without a listing, as base says. */
  sides?: TotalOfSides;
  refused?: Refusal;
  /** Most files had been replaced, as by a restored backup: everything was compared anew. */
  baseForgotten?: true;
  /** In MULTI mode, as far as the run came to know it. */
  multi?: {
    /** What the store honours of write conditions. */
    conditions?: WriteConditions;
    /** Rows of the change feed up to here were seen. */
    feedPosition?: number;
  };
  /** Set when the whole run failed. */
  error?: { code: SyncErrorCode; message: string; fix: string };
}
