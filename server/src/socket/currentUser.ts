import { userInfo } from 'node:os';

/** The id of this process's user; `undefined` on systems without such ids, as Windows. */
export function currentUid(): number | undefined {
  return process.geteuid?.();
}

/** The name of this process's user. A container may run as an id that has no name: then what the environment says. */
export function currentUserName(): string {
  try {
    return userInfo().username;
  } catch {
    const { USER = '', LOGNAME = '' } = process.env;
    return USER || LOGNAME || String(currentUid() ?? 'unknown');
  }
}
