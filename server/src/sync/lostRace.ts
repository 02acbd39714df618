import { SyncError } from './SyncError';

/**
 * @returns the error of an operation that somebody else overtook; whoever catches it looks at the key again.
 */
export function lostRace(key: string): SyncError {
  return new SyncError('PRECONDITION_FAILED', {
    message: `${key} was changed by someone else at the same time.`,
    fix: 'Nothing to do: it is looked at again.',
    key,
  });
}

/** Whether an operation failed only because a side is no longer what the plan saw. */
export function isLostRace(error: unknown): boolean {
  return error instanceof SyncError && (error.code === 'PRECONDITION_FAILED' || error.code === 'LOCAL_CHANGED');
}
