import { SyncError } from './SyncError';

/**
 * @throws {SyncError} `CANCELLED` once the signal is aborted.
 */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SyncError('CANCELLED', { message: 'The run was cancelled.', fix: '' });
}
