import { readdir, readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { CommandError } from '../commands/CommandError';
import { currentUid } from './currentUser';

/** The other users of this machine whose servers have, or once had, a socket in the same temporary folder. */
export async function findOtherUsers(): Promise<number[]> {
  const names = await readdir(tmpdir()).catch(() => []);
  const users = names.flatMap((name) => /^s3-sync-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return users.filter((uid) => uid !== currentUid());
}

/**
 * Whether a process listens at a socket, also where its folder is closed to this user: Linux names the sockets of all
 * users, by the names under which they were made. `false` where the system does not tell.
 */
export async function isBound(socket: string): Promise<boolean> {
  const sockets = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  return sockets.includes(` ${socket}`);
}

/** The user that a process of this machine runs as; `undefined` where the system does not tell. */
export async function readOwner(pid: number): Promise<number | undefined> {
  try {
    // The second number is the effective user; see proc_pid_status(5).
    const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** A server that only another user may talk to. */
export function otherUser(uid: number): CommandError {
  return new CommandError({
    code: 'OTHER_USER',
    message: `The server of this project runs as another user (${uid}) on ${hostname()}.`,
    fix: `Run the command as that user: sudo -u '#${uid}' npx s3-sync …`,
  });
}
