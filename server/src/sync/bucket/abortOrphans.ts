import { abortLarge } from './abortLarge';
import { isLeftToLifecycleRule } from './isLeftToLifecycleRule';
import { listUploads } from './listUploads';
import type { S3Connection } from './S3Connection';

/** Milliseconds by which the store's clock may differ: the SDK corrects its own by what is more. */
const CLOCK_MS = 5 * 60_000;
/** For so many milliseconds the request that begins an upload may be repeated. */
const RETRIES_MS = 10 * 60_000;

export interface OrphanOptions {
  /** When this server was about to begin an upload, milliseconds since the epoch. */
  begunMs: number;
  /** An upload whose id came, and which stays. */
  keep?: string;
  signal: AbortSignal | undefined;
}

/**
 * Aborts the uploads of exactly one key that the store began around the time at which this server asked for one, and
 * whose ids never came here. What the store refuses to tell or to abort is left to a lifecycle rule of the bucket.
 *
 * Another server's upload of the same key, begun in the same minutes, is aborted with them: its server then uploads once
 * more, where an orphan would be charged for until somebody looks.
 *
 * @throws {SyncError} as the store, where it cannot be reached or takes no request at all.
 */
export async function abortOrphans(
  connection: S3Connection,
  key: string,
  { begunMs, keep, signal }: OrphanOptions,
): Promise<void> {
  try {
    for (const { uploadId, initiatedMs } of await listUploads(connection, key, signal)) {
      const afterMs = initiatedMs - connection.clockOffsetMs - begunMs;
      const isOurs = afterMs >= -CLOCK_MS && afterMs <= CLOCK_MS + RETRIES_MS;
      if (isOurs && uploadId !== keep) await abortLarge(connection, key, uploadId, signal);
    }
  } catch (error) {
    if (!isLeftToLifecycleRule(error)) throw error;
  }
}
