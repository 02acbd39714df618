import type { FileHandle } from 'node:fs/promises';

/** Bytes that are gathered at the most while an earlier write goes on. */
const GATHERED = 1024 * 1024;
/** Bytes after which what is written begins to go to the disk. */
const FLUSHED_TOGETHER = 32 * 1024 * 1024;

/**
 * Writes a body to the beginning of a new file, and makes sure that it is on the disk. What comes while a write goes on is
 * written together, and goes to the disk while more comes: the flush at the end then finds little left to do.
 *
 * @param onWritten told of each chunk as soon as it is in the file, in order.
 * @returns bytes written.
 * @throws what the body and the file system throw.
 */
export async function writeChunks(
  handle: FileHandle,
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
  onWritten: (chunk: Buffer) => void = () => undefined,
): Promise<number> {
  const flush = new FlushBehind(handle);
  let size = 0;
  /** Bytes of the write that goes on. */
  let underWay = 0;
  let writing: Promise<void> = Promise.resolve();
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;

  const write = async (chunks: Buffer[], bytes: number): Promise<void> => {
    underWay = bytes;
    await writeWhole(handle, chunks, bytes);
    underWay = 0;
    size += bytes;
    for (const chunk of chunks) onWritten(chunk);
    flush.note(bytes);
  };
  const writeGathered = async (): Promise<void> => {
    await writing;
    writing = write(gathered, gatheredBytes);
    // It is awaited before the next one, or at the end; until then a rejection must not count as unhandled.
    writing.catch(() => undefined);
    gathered = [];
    gatheredBytes = 0;
  };

  try {
    for await (const chunk of body) {
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (underWay === 0 || gatheredBytes >= GATHERED) await writeGathered();
    }
    if (gathered.length > 0) await writeGathered();
    await writing;
  } finally {
    // Whoever closes the file now must not do so under a write.
    await writing.catch(() => undefined);
    await flush.end();
  }
  await handle.sync();
  return size;
}

/** Unlike `writev`, this goes on until every byte is there, or throws: a full disk takes a part without a word. */
async function writeWhole(handle: FileHandle, chunks: readonly Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten < bytes) await handle.appendFile(Buffer.concat(chunks).subarray(bytesWritten));
}

/** Flushes a file that grows, one flush at a time. */
class FlushBehind {
  readonly #handle: FileHandle;
  #flushing: Promise<void> | undefined;
  #bytes = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** So many more bytes are in the file. */
  note(bytes: number): void {
    this.#bytes += bytes;
    if (this.#flushing !== undefined || this.#bytes < FLUSHED_TOGETHER) return;
    this.#bytes = 0;
    this.#flushing = this.#handle.datasync().then(() => {
      // Only one that went well: the system tells of bytes that it lost but once.
      this.#flushing = undefined;
    });
    this.#flushing.catch(() => undefined);
  }

  /** @throws what the file system throws. */
  async end(): Promise<void> {
    await this.#flushing;
  }
}
