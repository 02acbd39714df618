import type { Readable } from 'node:stream';

/** The chunks of a body, each a buffer. */
export async function* chunksOf(body: Readable): AsyncIterable<Buffer> {
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('A body gives buffers.');
    yield chunk;
  }
}
