import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../errorCode';
import { SyncError } from '../SyncError';

const OWNER_ONLY = 0o700;
const ID_FILE = 'directory-id';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where the base lives, beside the files it describes. */
export interface StateDirectory {
  /** Absolute path. */
  path: string;
  /** Random id of the directory; it goes where the directory goes, whatever the host or path. */
  directoryId: string;
}

/**
 * Opens the state directory, and makes it if only its last folder is missing.
 * The parent is never made: a missing parent means that the synced directory itself is away.
 *
 * @param path absolute path, such as `<public>/uploads/.s3-sync`.
 * @throws {SyncError} `DIRECTORY_MISSING` where the parent is missing or nothing can be written there.
 */
export async function openStateDirectory(path: string): Promise<StateDirectory> {
  try {
    await mkdir(path, { mode: OWNER_ONLY }).catch(ignoreExisting);
    // With the slash, a file in its place is left alone.
    await chmod(`${path}/`, OWNER_ONLY);
    return { path, directoryId: await readOrMakeId(path) };
  } catch (cause) {
    throw new SyncError('DIRECTORY_MISSING', {
      message: `The folder ${path} cannot be opened or made.`,
      fix: 'Check that the directory above it exists, is mounted, and can be written by the server.',
      cause,
    });
  }
}

async function readOrMakeId(path: string): Promise<string> {
  const file = join(path, ID_FILE);
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  if (UUID.test(known.trim())) return known.trim();
  const id = randomUUID();
  const temporary = `${file}.${id}`;
  await writeFile(temporary, `${id}\n`, { mode: 0o600, flush: true });
  await rename(temporary, file);
  return id;
}

function ignoreExisting(error: unknown): void {
  if (errorCode(error) !== 'EEXIST') throw error;
}
