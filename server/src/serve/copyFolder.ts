import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const PREFIX = 'copy-';

/** No work with a copy takes so long, in ms: whoever made it was killed. */
const LEFT_MS = 24 * 60 * 60 * 1_000;

/**
 * Makes a folder for a copy that another plugin works with. Those of servers that were killed meanwhile go.
 * @returns its absolute path.
 */
export async function makeCopyFolder(stateDirectory: string): Promise<string> {
  const copies = join(stateDirectory, 'copies');
  await mkdir(copies, { recursive: true });
  await removeLeft(copies);
  return mkdtemp(join(copies, PREFIX));
}

async function removeLeft(copies: string): Promise<void> {
  const names = (await readdir(copies)).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const path = join(copies, name);
    // Another copy may be tidying up, too; what cannot be removed is tried again with the next one.
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined || Date.now() - stats.mtimeMs < LEFT_MS) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
