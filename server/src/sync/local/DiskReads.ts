import { close, closeSync, fstat, fstatSync, open, openSync, read, readSync, type BigIntStats } from 'node:fs';
import { promisify } from 'node:util';

/** Bytes up to which a read takes about as long as any other call. */
const SHORT_READ = 64 * 1024;

/**
 * Milliseconds after an answer to the thread pool in which calls are made from here: the disk answers, and nobody else had
 * to wait for longer.
 */
const FROM_HERE_MS = 4;

/** A disk that answers within so many milliseconds has the answer in memory. */
const QUICK_MS = 1;

/** Milliseconds for which a disk that did not is left to the thread pool. */
const SLOW_FOR_MS = 1_000;

const byThreadPool = {
  open: promisify(open),
  fstat: promisify(fstat),
  read: promisify(read),
  close: promisify(close),
};

/**
 * Reads open files. A call by the thread pool costs five times as much as one from here, and does not stand still where
 * the disk does: a small file needs five calls. So calls are made from here only while the disk is known to answer, and
 * at once.
 */
export class DiskReads {
  #fromHereUntil = -Infinity;
  #slowUntil = -Infinity;

  /**
   * @param flags as of `open(2)`.
   * @returns a file descriptor, to be closed by `close`.
   */
  open(path: string, flags: number): Promise<number> {
    return this.#call(
      () => openSync(path, flags),
      () => byThreadPool.open(path, flags),
    );
  }

  stat(file: number): Promise<BigIntStats> {
    return this.#call(
      () => fstatSync(file, { bigint: true }),
      () => byThreadPool.fstat(file, { bigint: true }),
    );
  }

  /** @returns how many bytes came; none at the end of the file. */
  async read(file: number, buffer: Buffer, at: number, length: number, position: number): Promise<number> {
    const later = async (): Promise<number> => (await byThreadPool.read(file, buffer, at, length, position)).bytesRead;
    return length > SHORT_READ ? later() : this.#call(() => readSync(file, buffer, at, length, position), later);
  }

  close(file: number): Promise<void> {
    return this.#call(
      () => {
        closeSync(file);
      },
      () => byThreadPool.close(file),
    );
  }

  async #call<Answer>(now: () => Answer, later: () => Promise<Answer>): Promise<Answer> {
    const begun = performance.now();
    if (begun < this.#fromHereUntil && begun >= this.#slowUntil) {
      try {
        return now();
      } finally {
        if (performance.now() - begun > QUICK_MS) this.#slowUntil = begun + SLOW_FOR_MS;
      }
    }
    const answer = await later();
    this.#fromHereUntil = performance.now() + FROM_HERE_MS;
    return answer;
  }
}
