import type { Base, Intent } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import { isLeftToLifecycleRule } from './bucket/isLeftToLifecycleRule';

export interface KilledUploadsOptions {
  bucket: Bucket;
  base: Base;
  unsettled: ReadonlyMap<string, Intent>;
  signal: AbortSignal;
  beforeWrite: () => Promise<void>;
}

/**
 * Aborts the large uploads that a killed run of this directory had begun: nobody goes on with them, and stores charge
 * for their parts. Only what was cut off costs requests.
 *
 * @param unsettled operations that were begun and never settled.
 * @param beforeWrite called before the first request; throws where nothing may be written: the base may be a copy of
 *   another site's, whose uploads go on.
 * @throws {SyncError} as the base, and as the bucket where not even a run could go on.
 */
export async function abortKilledUploads({
  bucket,
  base,
  unsettled,
  signal,
  beforeWrite,
}: KilledUploadsOptions): Promise<void> {
  for (const [key, seen] of unsettled) {
    if (!isLarge(seen)) continue;
    await beforeWrite();
    // Whoever holds the key is alive: a run that goes on beside this one.
    if (base.locks.isHeld(key)) continue;
    await base.locks.with([key], async () => {
      const now = await base.intent(key);
      if (!now || !isLarge(now)) return;
      const { uploadId, isLarge: _, ...intent } = now;
      if (uploadId === undefined) await bucket.abortOrphans(key, intent.at, signal);
      else await abortUnlessRefused(bucket, key, uploadId, signal);
      await base.begin([key], intent);
    });
  }
}

function isLarge(intent: Intent): boolean {
  return intent.isLarge === true || intent.uploadId !== undefined;
}

async function abortUnlessRefused(bucket: Bucket, key: string, uploadId: string, signal: AbortSignal): Promise<void> {
  try {
    await bucket.abortLarge(key, uploadId, signal);
  } catch (error) {
    if (!isLeftToLifecycleRule(error)) throw error;
  }
}
