import type { Readable } from 'node:stream';

/** The bytes of a body, as far as they came. */
export interface CollectedBody {
  bytes: Buffer;
  /** The same bytes, and then the error with which the body broke off, if it did. */
  replay: () => AsyncIterable<Buffer>;
}

/**
 * Reads a small body into memory.
 * Never rejects: what came before a break is of use.
 */
export function collectBody(body: Readable): Promise<CollectedBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let isDone = false;
    const finish = (error?: Error): void => {
      if (isDone) return;
      isDone = true;
      const [first = Buffer.alloc(0)] = chunks;
      const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
      const replay = async function* (): AsyncIterable<Buffer> {
        if (bytes.length > 0) yield bytes;
        if (error !== undefined) throw error;
      };
      resolve({ bytes, replay });
    };
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    body.once('error', finish);
    body.once('end', () => {
      finish();
    });
    // A body can also go without a word.
    body.once('close', () => {
      finish();
    });
  });
}
