import { setTimeout as sleep } from 'node:timers/promises';
import { sameFingerprint, type Fingerprint } from './Fingerprint';
import type { Local, OpenFile } from './local/Local';
import { SyncError } from './SyncError';
import { throwIfCancelled } from './throwIfCancelled';

/**
 * Within so many milliseconds, two writes can leave the same time behind: file systems count coarsely. Only the time of
 * the content counts: a write after this sets it to another value, whatever else was done to the file.
 */
const RACY_MS = 1_000;

/** Milliseconds until a file that changed while it was read is read again. */
const RETRY_MS = 250;

/** Times that a file which goes on changing is looked at again before it is left to a later run. */
const ATTEMPTS = 6;

export interface SettledFile {
  file: OpenFile;
  fingerprint: Fingerprint;
  /** A later write could leave the same times behind: the fingerprint proves nothing yet. */
  racy: boolean;
}

/**
 * Opens a file, waits until it holds still, and hands it to a reader; once more if it changed while it was read.
 *
 * The upload provider writes to the final name, so a walk can meet half a file (a half-written file must not reach
 * the bucket; rclone#7449, rclone#6424).
 *
 * @param read must call `verify` after the last byte was read and before anything is done with the bytes.
 * @param options.seen what a look at the file by its name said a moment ago: it need not be looked at again before it is
 *   read, for `verify` finds out whether it was that file, and unchanged since.
 * @param options.settleMs milliseconds for which nothing may have touched the file; 0 where its writer is known to have
 *   finished, as after a media event.
 * @throws {SyncError} `LOCAL_CHANGED` where the file does not come to rest, and what `Local.open` and `read` throw.
 */
export async function readSettled<T>(
  local: Local,
  key: string,
  options: { settleMs: number; signal?: AbortSignal; seen?: Fingerprint },
  read: (file: SettledFile, verify: () => Promise<void>) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    throwIfCancelled(options.signal);
    const file = await local.open(key);
    try {
      const fingerprint = (attempt === 1 ? options.seen : undefined) ?? (await file.fingerprint());
      const { mtimeNs, ctimeNs } = fingerprint;
      const restMs = sinceMs(mtimeNs > ctimeNs ? mtimeNs : ctimeNs);
      // A time in the future comes from another clock: it says nothing about how long the file has been at rest.
      if (restMs < 0 || restMs >= options.settleMs) {
        const settledFile = { file, fingerprint, racy: sinceMs(mtimeNs) < RACY_MS };
        return await read(settledFile, () => verifyUnchanged(key, file, fingerprint));
      }
      await pause(options.settleMs - restMs, options.signal);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'LOCAL_CHANGED') throw error;
      await pause(RETRY_MS, options.signal);
    } finally {
      await file.close();
    }
  }
  throw stillChanging(key);
}

async function verifyUnchanged(key: string, file: OpenFile, before: Fingerprint): Promise<void> {
  if (!sameFingerprint(before, await file.fingerprint())) throw stillChanging(key);
}

function stillChanging(key: string): SyncError {
  return new SyncError('LOCAL_CHANGED', {
    message: `${key} is still being written.`,
    fix: 'Nothing to do: the next run takes it when it is finished.',
    key,
  });
}

function sinceMs(timeNs: bigint): number {
  return Date.now() - Number(timeNs / 1_000_000n);
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {
    throwIfCancelled(signal);
  });
}
