import type { SyncErrorCode } from '../sync/SyncError';

const PASSING: readonly SyncErrorCode[] = [
  'STORE_UNREACHABLE',
  'STORE_TIMEOUT',
  'STORE_BUSY',
  'STORE_ERROR',
  'CREDENTIALS_EXPIRED',
  'CLOCK_SKEW',
  'INTEGRITY',
  'LISTING_INCOMPLETE',
  'BASE_LOCKED',
  'PRECONDITION_FAILED',
];

/** Whether a later run may not meet this failure any more, without anybody's help. */
export function isPassing(code: SyncErrorCode): boolean {
  return PASSING.includes(code);
}
