import type { Base, BaseEntry } from './base/Base';
import type { KeyFilter } from './KeyFilter';
import type { Local } from './local/Local';
import { SyncError } from './SyncError';

/**
 * Whether files that base knows are missing, and not one of them is still the file it was: the disk is not mounted, or
 * somebody emptied it. New files do not hide that, not even in the place of old ones. Ends at the first file that is
 * here; one that cannot be looked at counts as here.
 *
 * A single file that is missing says nothing, but for where nothing else is here either.
 *
 * @throws {SyncError} `DIRECTORY_MISSING`, and as the base.
 */
export async function isEmptied(base: Base, local: Local, filter: KeyFilter): Promise<boolean> {
  let missing = 0;
  for await (const rows of base.entries()) {
    for (const { key, entry } of rows) {
      const found = await look(local, key, entry);
      if (found === 'here') return false;
      if (found === 'missing') missing += 1;
    }
  }
  return missing > 1 || (missing === 1 && !(await holdsAnything(local, filter)));
}

async function holdsAnything(local: Local, filter: KeyFilter): Promise<boolean> {
  for await (const batch of local.walk(filter)) if (batch.length > 0) return true;
  return false;
}

async function look(local: Local, key: string, { fingerprint }: BaseEntry): Promise<'here' | 'another' | 'missing'> {
  try {
    const found = await local.stat(key);
    if (!found) return 'missing';
    return found.inode === fingerprint.inode ? 'here' : 'another';
  } catch (error) {
    if (error instanceof SyncError && error.code === 'DIRECTORY_MISSING') throw error;
    return 'here';
  }
}
