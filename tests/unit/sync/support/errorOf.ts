import { SyncError } from '../../../../server/src/sync/SyncError';

/** The `SyncError` that a promise is rejected with. Any other outcome fails the test. */
export async function errorOf(work: Promise<unknown>): Promise<SyncError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome?.error instanceof SyncError) return outcome.error;
  throw new Error(outcome ? 'It threw something that is no SyncError.' : 'It threw nothing.', {
    cause: outcome?.error,
  });
}
