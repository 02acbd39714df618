import { SyncError } from '../sync/SyncError';

/** The words of whatever was thrown. Stack traces and causes stay out: a cause may quote a request. */
export function describeError(error: unknown): string {
  if (error instanceof SyncError) return error.fix === '' ? error.message : `${error.message} ${error.fix}`;
  return error instanceof Error ? error.message : 'An unknown error.';
}
