import type { Base } from './base/Base';
import type { BaseOptions } from './base/LevelBase';
import type { Bucket } from './bucket/Bucket';
import type { Mode } from './decide';
import type { Feed } from './Feed';
import type { MaxDelete } from './guards';
import type { KeyFilter } from './KeyFilter';
import type { SyncProgress } from './SyncProgress';
import type { KeyFailure } from './SyncReport';

/** Who writes to the bucket: compared with the mark `<prefix>/.s3-sync/owner`. */
export interface OwnerIdentity {
  /** Random id of the site, from its own database. */
  siteId: string;
  /** Hash of the database connection, without secrets: a dump restored elsewhere is another site. */
  databaseHash: string;
  /** Hash of what only the database server itself has, where it has such a thing. */
  databaseServer?: string;
}

/** Another server of this site that is alive and has a directory of its own. */
export interface OtherDirectory {
  host: string;
  directory: string;
}

/**
 * How much a run looks at.
 * - `whole`: both sides.
 * - `local`: the local files, against base; the bucket is taken to be as base says. Nothing changed: no request.
 * - `keys`: exactly these keys, without a walk or a listing, because a media event or the change feed names them.
 *   A delete by name does not count for `maxDelete`.
 * - `restore`: both sides, but the only thing done is to bring back what is in the bucket and not here.
 *
 * Where no whole run has finished yet, every run but a restore is a whole one.
 */
export type SyncScope =
  | {
      kind: 'whole' | 'local';
      /** Keys whose media entry was deleted on this server, and that are not done yet: by name, before all else. */
      deleted?: readonly string[];
    }
  | { kind: 'restore' }
  | {
      kind: 'keys';
      keys: readonly string[];
      /** Those of the keys that a person named, by a media event here or elsewhere; all of them if absent. */
      byName?: ReadonlySet<string>;
      /** Those of the keys whose media entry was deleted on this server. */
      deleted?: readonly string[];
      /**
       * The keys were heard of from others, by the feed. Nobody has just put or deleted a file here, so the feed is
       * asked about them like in any other run.
       */
      heard?: boolean;
      /** The keys are those of all rows of the feed up to here: once they are done, these rows were seen. */
      feedPosition?: number;
    };

/** What instances with directories of their own need. */
export interface MultiModeOptions {
  /** The change feed that the instances of the site share. */
  feed: Feed;
  /** Days for which files in the trash are kept. */
  trashDays: number;
}

export interface SyncOptions {
  mode: Mode;
  /** Absolute path of the synced directory; keys are relative to it. */
  directory: string;
  /** Absolute path of the folder for the base; its parent must exist. */
  stateDirectory: string;
  filter: KeyFilter;
  /** Opened by the caller, who closes it. */
  bucket: Bucket;
  owner: OwnerIdentity;
  maxDelete: MaxDelete;
  /** Transfers at a time. */
  concurrency: number;
  /** Milliseconds for which nothing may have touched a file that a walk found; 1,000 if absent. */
  settleMs?: number;
  scope: SyncScope;
  /**
   * A run of scope `keys` goes on beside another one of this process, on the same open base: what is for one run at a
   * time to do, such as to clean up or to note what this directory has seen of the feed, is left to that one.
   */
  beside?: boolean;
  /**
   * The bucket was found to be ours a short while ago, by this process: a run of scope `local` or `keys` does not ask
   * again.
   */
  claimedRecently?: boolean;
  /** Which of the keys a database row still names: their deletes are withheld. Asked for up to 1,000 keys at a time. */
  referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** In SINGLE mode: another living server of this site, whose directory is not the one with this id. */
  otherDirectory: (directoryId: string) => Promise<OtherDirectory | undefined>;
  /** Called once the directory is ours alone: a run of it that is still noted as going on was killed. */
  onLocked?: (directoryId: string) => Promise<void>;
  /** Digest of a refusal that a person confirmed: exactly these deletes may be done. */
  confirm?: string;
  /**
   * Digest of a plan that a person looked at: the whole run does exactly this, or ends with `PLAN_OUTDATED` before it has
   * written anything.
   */
  plan?: string;
  /** An administrator takes over a bucket that another site owned. */
  takeOver?: boolean;
  /** Opens the base where others use it beside the run; it is opened for the run alone if absent. */
  openBase?: (options: BaseOptions) => Promise<Base>;
  /** MULTI only, and needed there. */
  multi?: MultiModeOptions;
  signal?: AbortSignal;
  /** Called a few times a second at most, and once at the end. */
  onProgress?: (progress: SyncProgress) => void;
  /** Called for each key that failed or was in conflict (code `CONFLICT`), and for the first 1,000 deletes that were withheld (code `WITHHELD`). */
  onFailure?: (failure: KeyFailure) => void;
}
