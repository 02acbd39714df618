import type { Refusal } from './SyncReport';

/** Limits of the `maxDelete` guard: refused when more than `files` and more than `percent`, or more than `absolute`. */
export interface MaxDelete {
  files: number;
  percent: number;
  absolute: number;
}

/** What a whole run saw, as far as its deletes depend on it. */
export interface DeleteFacts {
  /** Files the walk found. */
  localFiles: number;
  /** Objects the listing found that the filter lets through. */
  remoteObjects: number;
  /** Where the deletes are to be done. */
  side: 'remote' | 'local';
  /** Deletes inferred from absence that are waiting. */
  deletes: number;
  /** Deletes inferred from absence that were done in the last 24 h. */
  recentDeletes: number;
  /** A top-level folder that lost all of its many files, if there is one. */
  emptiedFolder?: { name: string; deletes: number };
  /** An earlier run found the directory or a folder emptied, and since then deletes have waited. */
  emptied?: 'directory-emptied' | 'folder-emptied';
  /** No run has finished here yet in this mode. */
  firstRun: boolean;
  /** Nor since most files here were replaced, as by a restored backup. */
  replaced?: boolean;
  maxDelete: MaxDelete;
}

/** Deletes that a first run may do unasked, and files that make a folder worth a question. */
export const UNASKED_DELETES = 10;

const MOUNT_FIX =
  'Check that the disk is mounted. To bring the files back, restore them from the bucket. ' +
  'If they were deleted on purpose, confirm the deletes.';
const FIRST_RUN = 'This is the first run on this bucket.';
const REPLACED = 'Most files here were replaced, as by a restored backup.';
const REPLACED_FIX =
  'To bring the files back that the backup lacks, restore them from the bucket. To be rid of them, confirm the deletes.';
const CONFIRM_FIX = 'Look at the list. If it is what you want, confirm the deletes.';

/**
 * Decides whether the waiting deletes may be done. Pure.
 *
 * A directory that is suddenly empty is far more often an unmounted disk than a wish (aws-cli#1564, rclone#1186,
 * rclone#4298), and a bucket that is not yet known may hold what somebody else put there.
 *
 * @returns why they are withheld, or `undefined` where they may go ahead. The digest is left to the caller.
 */
export function checkGuards(facts: DeleteFacts): Omit<Refusal, 'digest'> | undefined {
  const { side, deletes, localFiles, emptiedFolder, emptied, firstRun, replaced } = facts;
  if (deletes === 0) return undefined;
  if (side === 'local') return checkLocalDeletes(facts);
  if (localFiles === 0) {
    return {
      guard: 'directory-emptied',
      count: deletes,
      limit: 0,
      message: `The directory holds no file, but the bucket holds ${deletes}. Nothing was deleted.`,
      fix: MOUNT_FIX,
    };
  }
  if (emptiedFolder) {
    return {
      guard: 'folder-emptied',
      count: deletes,
      limit: UNASKED_DELETES,
      message: `All ${emptiedFolder.deletes} files of the folder "${emptiedFolder.name}" are gone. Nothing was deleted.`,
      fix: MOUNT_FIX,
    };
  }
  const isTooMany = firstRun && deletes > UNASKED_DELETES;
  // A backup that lacks many files may look like an emptied directory, too.
  if (isTooMany && replaced) return refuseFirstRun(facts);
  if (emptied) {
    return {
      guard: emptied,
      count: deletes,
      limit: 0,
      message: `Many files were gone all at once, and ${deletes} of them are still not here. Nothing was deleted.`,
      fix: MOUNT_FIX,
    };
  }
  if (isTooMany) return refuseFirstRun(facts);
  return checkMaxDelete(facts);
}

/** The first run, or the first one after a backup was restored. */
function refuseFirstRun({ deletes, replaced }: DeleteFacts): Omit<Refusal, 'digest'> {
  return {
    guard: 'first-run',
    count: deletes,
    limit: UNASKED_DELETES,
    message: `${replaced ? REPLACED : FIRST_RUN} The bucket holds ${deletes} files that are not here. They were left alone.`,
    fix: replaced ? REPLACED_FIX : CONFIRM_FIX,
  };
}

function checkLocalDeletes(facts: DeleteFacts): Omit<Refusal, 'digest'> | undefined {
  const { deletes, remoteObjects } = facts;
  if (remoteObjects > 0) return checkMaxDelete(facts);
  return {
    guard: 'bucket-emptied',
    count: deletes,
    limit: 0,
    message: `The bucket holds no file, but ${deletes} files here were in it. Nothing was deleted.`,
    fix: 'Check that it is the right bucket. If its files were deleted on purpose, confirm the deletes.',
  };
}

function checkMaxDelete(facts: DeleteFacts): Omit<Refusal, 'digest'> | undefined {
  const { side, deletes, recentDeletes } = facts;
  const { files, percent, absolute } = facts.maxDelete;
  const total = side === 'remote' ? facts.remoteObjects : facts.localFiles;
  // What was there a day ago: fifty small runs are measured like one big one.
  const share = Math.floor(((total + recentDeletes) * percent) / 100);
  const limit = Math.min(Math.max(files, share), absolute);
  if (deletes + recentDeletes <= limit) return undefined;
  const earlier = recentDeletes > 0 ? ` (${recentDeletes} more were deleted in the last 24 hours)` : '';
  return {
    guard: 'max-delete',
    count: deletes,
    limit: Math.max(0, limit - recentDeletes),
    message: `The run would delete ${deletes} of ${total} files ${side === 'remote' ? 'in the bucket' : 'here'}${earlier}. They were left alone.`,
    fix: CONFIRM_FIX,
  };
}
