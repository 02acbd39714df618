import type { Base, Intent } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import { SyncError } from './SyncError';

/**
 * Aborts the large uploads that a killed run of this directory had begun: nobody goes on with them, and stores charge
 * for their parts.
 *
 * @param unsettled operations that were begun and never settled.
 * @throws {SyncError} as the base, and as the bucket where not even a run could go on.
 */
export async function abortKilledUploads(
  bucket: Bucket,
  base: Base,
  unsettled: ReadonlyMap<string, Intent>,
  signal: AbortSignal,
): Promise<void> {
  for (const [key, { uploadId, ...intent }] of unsettled) {
    if (uploadId === undefined) continue;
    try {
      await bucket.abortLarge(key, uploadId, signal);
    } catch (error) {
      // The right to abort is not required: without it a lifecycle rule of the bucket removes the parts.
      if (!(error instanceof SyncError) || error.code !== 'ACCESS_DENIED') throw error;
    }
    await base.begin([key], intent);
  }
}
