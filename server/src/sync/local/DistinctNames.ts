import { lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SyncError } from '../SyncError';

/** Milliseconds for which a folder that told two names apart is trusted to do so. */
const TRUSTED_MS = 1_000;

/** Folders that are remembered at a time. */
const REMEMBERED = 1_000;

/**
 * Makes sure that what stands at a path has that very name: some file systems take names for the same that differ by
 * case or by Unicode form alone (aws-cli#1639, aws-cli#9596), and then one key would overwrite another. On Linux one
 * folder may do so and the next one not (ext4's casefold), so each is tried by itself.
 */
export class DistinctNames {
  /** When a folder was last found to tell names apart that differ in this way. */
  readonly #foundAt = new Map<string, number>();

  /**
   * @param inode of what was found at the path.
   * @throws {SyncError} `UNSAFE_KEY` where it has another name.
   */
  async require(key: string, path: string, inode: bigint): Promise<void> {
    const name = basename(path);
    const folder = dirname(path);
    const twin = twinOf(name);
    if (twin === undefined) return;
    const tried = `${twin.differsBy} ${folder}`;
    if (performance.now() - (this.#foundAt.get(tried) ?? -Infinity) < TRUSTED_MS) return;
    const other = await lstat(join(folder, twin.name), { bigint: true }).catch(() => undefined);
    if (other?.ino !== inode) this.#remember(tried);
    else if (!(await readdir(folder)).includes(name)) throw notDistinct(key, name);
  }

  #remember(tried: string): void {
    if (this.#foundAt.size >= REMEMBERED) this.#foundAt.clear();
    this.#foundAt.set(tried, performance.now());
  }
}

/** The name in another case, or else in another Unicode form; `undefined` where it has neither. */
function twinOf(name: string): { name: string; differsBy: 'case' | 'form' } | undefined {
  const otherCase = [name.toUpperCase(), name.toLowerCase()].find((one) => one !== name);
  if (otherCase !== undefined) return { name: otherCase, differsBy: 'case' };
  const otherForm = [name.normalize('NFD'), name.normalize('NFC')].find((one) => one !== name);
  return otherForm === undefined ? undefined : { name: otherForm, differsBy: 'form' };
}

function notDistinct(key: string, name: string): SyncError {
  return new SyncError('UNSAFE_KEY', {
    message: `${key} cannot be synced: this disk does not tell ${name} apart from another name that is here.`,
    fix: 'Rename the file, or exclude it.',
    key,
  });
}
