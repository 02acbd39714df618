import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyFilter } from '../sync/KeyFilter';

/**
 * Counts the files that a sync will look at, by name alone: only for a bar to know its length.
 * Folders that cannot be read count as empty; the sync itself reports them.
 *
 * @param directory absolute path.
 */
export async function countFiles(directory: string, filter: KeyFilter, signal: AbortSignal): Promise<number> {
  let count = 0;
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined && !signal.aborted; folder = folders.pop()) {
    const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isFolder = entry.isDirectory() || (key === 'uploads' && entry.isSymbolicLink());
      if (isFolder && filter.entersFolder(key)) folders.push(key);
      if (entry.isFile() && filter.matches(key)) count += 1;
    }
  }
  return count;
}
