import { lstat } from 'node:fs/promises';
import { errorCode } from '../errorCode';

/**
 * Whether something stands at a path; a link counts as what it is.
 * @throws what the file system throws where that cannot be known.
 */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
