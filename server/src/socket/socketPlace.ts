import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../sync/errorCode';
import { currentUid } from './currentUser';

const OWNER_ONLY = 0o700;

/** Where the server of a Strapi project can be spoken to. */
export interface SocketPlace {
  /** One for each user of the machine, closed to all others. */
  folder: string;
  socket: string;
  /** A JSON file that says which process listens. */
  about: string;
}

/** Who listens at a socket. */
export const serverAboutSchema = z.object({ host: z.string(), pid: z.number(), version: z.string() });

export type ServerAbout = z.output<typeof serverAboutSchema>;

/**
 * The place for a project. Node cuts a socket path of more than 107 bytes in silence, so it is short and does not hold
 * the project's own path.
 *
 * @param appRoot the project's folder; links are followed.
 * @param uid the user whose server it is; this process's own by default.
 * @returns `undefined` on systems without such users.
 */
export function socketPlaceOf(appRoot: string, uid = currentUid()): SocketPlace | undefined {
  if (uid === undefined) return undefined;
  const folder = join(tmpdir(), `s3-sync-${uid}`);
  const name = createHash('sha256').update(realpathSync(appRoot)).digest('hex').slice(0, 16);
  return { folder, socket: join(folder, `${name}.sock`), about: join(folder, `${name}.json`) };
}

/** What is wrong with the folder of the sockets: anybody can make a folder in the temporary one. */
export type FolderState = 'ours' | 'missing' | 'foreign';

/** Looks whether the folder is this user's own, and open to nobody else. */
export async function checkSocketFolder({ folder }: SocketPlace): Promise<FolderState> {
  try {
    const found = await lstat(folder);
    const isOurs = found.isDirectory() && found.uid === currentUid() && (found.mode & 0o077) === 0;
    return isOurs ? 'ours' : 'foreign';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

/** Makes the folder where it is missing. */
export async function openSocketFolder(place: SocketPlace): Promise<FolderState> {
  await mkdir(place.folder, { mode: OWNER_ONLY }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  return checkSocketFolder(place);
}
