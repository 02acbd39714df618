import { SyncError, type SyncErrorCode } from '../SyncError';

/** A right that is missing, and what stores answer that do not know the request, or hold an upload they cannot end. */
const LEFT: ReadonlySet<SyncErrorCode> = new Set([
  'ACCESS_DENIED',
  'STORE_ERROR',
  'OBJECT_NOT_FOUND',
  'PRECONDITION_FAILED',
]);

/**
 * Whether a store refused to list or to abort unfinished uploads. Nothing depends on it: a lifecycle rule of the bucket
 * removes them, and a run goes on. Not where the store cannot be reached at all.
 */
export function isLeftToLifecycleRule(error: unknown): boolean {
  return error instanceof SyncError && LEFT.has(error.code);
}
