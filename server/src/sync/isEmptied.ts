import type { Base } from './base/Base';
import type { Local } from './local/Local';
import { SyncError } from './SyncError';

/**
 * Whether none of the files that base knows is here any more: the disk is not mounted, or somebody emptied it. New files
 * do not hide that. Ends at the first file that is here; one that cannot be looked at counts as here.
 *
 * A single known file that is gone says nothing.
 *
 * @throws {SyncError} `DIRECTORY_MISSING`, and as the base.
 */
export async function isEmptied(base: Base, local: Local): Promise<boolean> {
  let missing = 0;
  for await (const rows of base.entries()) {
    for (const { key } of rows) {
      if (await isHere(local, key)) return false;
      missing += 1;
    }
  }
  return missing > 1;
}

async function isHere(local: Local, key: string): Promise<boolean> {
  try {
    return (await local.stat(key)) !== undefined;
  } catch (error) {
    if (error instanceof SyncError && error.code === 'DIRECTORY_MISSING') throw error;
    return true;
  }
}
