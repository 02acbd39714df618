import { open } from 'node:fs/promises';

/**
 * Brings a file's bytes, or the names in a folder, to the disk.
 *
 * @param path absolute path.
 * @throws what the file system throws.
 */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
