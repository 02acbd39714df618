import { SyncError } from './SyncError';

/**
 * @param error anything that was thrown.
 * @param key what it was about, if one key.
 * @returns it as the engine's own error type; the cause is kept.
 */
export function asSyncError(error: unknown, key?: string): SyncError {
  if (error instanceof SyncError) return error;
  return new SyncError('INTERNAL', {
    message: `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'Please report it with the log.',
    key,
    cause: error,
  });
}
