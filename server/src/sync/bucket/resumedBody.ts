import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SyncError, type SyncErrorCode } from '../SyncError';

/** Times that the rest of one body is asked for: the SDK tries again only until an answer begins. */
const MAX_BREAKS = 2;
/** Milliseconds until the rest is asked for; twice as many the second time. */
const PAUSE_MS = 200;
const BROKEN: ReadonlySet<SyncErrorCode> = new Set(['STORE_UNREACHABLE', 'STORE_TIMEOUT', 'INTEGRITY']);

/**
 * A body that goes on where its connection broke.
 *
 * @param first the bytes from the beginning; throws `SyncError`s.
 * @param askForRest asks for the bytes from an offset on, of the same version of the object.
 * @returns the bytes; it ends with the error of the break where the rest cannot be had.
 */
export function resumedBody(first: Readable, askForRest: (offset: number) => Promise<Readable>): Readable {
  let current = first;
  async function* bytes(): AsyncIterable<Buffer> {
    let offset = 0;
    for (let breaks = 1; ; breaks++) {
      try {
        for await (const chunk of current) {
          if (!Buffer.isBuffer(chunk)) throw new TypeError('A body gives buffers.');
          offset += chunk.length;
          yield chunk;
        }
        return;
      } catch (error) {
        if (breaks > MAX_BREAKS || !(error instanceof SyncError) || !BROKEN.has(error.code)) throw error;
        await sleep(PAUSE_MS * breaks);
        current = await askForRest(offset).catch(() => {
          throw error;
        });
      }
    }
  }
  const body = Readable.from(bytes(), { objectMode: false });
  // Also where nobody has begun to read.
  body.once('close', () => current.destroy());
  return body;
}
