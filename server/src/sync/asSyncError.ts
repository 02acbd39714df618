import { errorCode } from './errorCode';
import { SyncError } from './SyncError';

/** What to do about an error of the system; those of reading are told where the file is read. */
const DISK_FIXES: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'Free some space on the disk.'],
  ['EDQUOT', 'Free some space, or raise the quota of the user that runs the server.'],
  ['EROFS', 'The disk is read-only: mount it so that the server can write to it.'],
  ['EACCES', 'Give the server permission to write there.'],
  ['EPERM', 'Give the server permission to write there.'],
  ['EMFILE', 'Raise the limit of open files, or lower the concurrency.'],
  ['ENFILE', 'Raise the limit of open files, or lower the concurrency.'],
  ['ENAMETOOLONG', 'Give it a shorter name.'],
  ['EIO', 'Check the disk.'],
  ['EBUSY', 'Run the sync again.'],
]);

/**
 * @param error anything that was thrown.
 * @param key what it was about, if one key.
 * @returns it as the engine's own error type; the cause is kept.
 */
export function asSyncError(error: unknown, key?: string): SyncError {
  if (error instanceof SyncError) return error;
  const code = errorCode(error) ?? '';
  const fix = DISK_FIXES.get(code);
  if (fix !== undefined) {
    const message = `${key ?? 'A file of the sync'} could not be written here (${code}).`;
    return new SyncError('LOCAL_UNWRITABLE', { message, fix, key, cause: error });
  }
  return new SyncError('INTERNAL', {
    message: `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'Please report it with the log.',
    key,
    cause: error,
  });
}
