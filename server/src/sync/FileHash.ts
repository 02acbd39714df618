import { createHash, type Hash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';

/** Bytes up to which a thread of its own would take longer to start than the hash takes. */
const HASHED_HERE = 16 * 1024 * 1024;

const answerSchema = z.object({ md5: z.string(), sha256: z.string().optional() });

/** Hex. */
export type FileDigest = z.infer<typeof answerSchema>;

/** Hashes a file while it is written. */
export interface FileHash {
  /** Bytes that are in the file by now, in order. */
  update(chunk: Buffer): void;
  /**
   * After the last byte.
   * @throws what reading the file throws.
   */
  digest(): Promise<FileDigest>;
  /** Also where no digest is wanted any more. */
  close(): Promise<void>;
}

/**
 * Begins to hash a file that is being written. A large one is read and hashed in a thread of its own: 1 GiB takes one and
 * a half seconds, in which a server could not answer anybody.
 *
 * @param path absolute path of the file.
 * @param size bytes that are to come.
 * @param withSha256 whether that is wanted, too.
 */
export function hashWhileWritten(path: string, size: number, withSha256: boolean): FileHash {
  return size <= HASHED_HERE ? new HashHere(withSha256) : new HashBeside(path, withSha256);
}

class HashHere implements FileHash {
  readonly #md5 = createHash('md5');
  readonly #sha256: Hash | undefined;

  constructor(withSha256: boolean) {
    this.#sha256 = withSha256 ? createHash('sha256') : undefined;
  }

  update(chunk: Buffer): void {
    this.#md5.update(chunk);
    this.#sha256?.update(chunk);
  }

  digest(): Promise<FileDigest> {
    return Promise.resolve({ md5: this.#md5.digest('hex'), sha256: this.#sha256?.digest('hex') });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * What the thread does: on each message, it reads as far as the file was written, and after the last one it answers. As
 * text, so that it needs no file of its own, neither among the sources nor in the bundle.
 */
const THREAD = `
const { createHash } = require('node:crypto');
const { openSync, readSync } = require('node:fs');
const { parentPort, workerData: { path, algorithms } } = require('node:worker_threads');
const hashes = algorithms.map((name) => [name, createHash(name)]);
const file = openSync(path, 'r');
const buffer = Buffer.allocUnsafe(256 * 1024);
let offset = 0;
parentPort.on('message', ({ written, isEnd }) => {
  while (offset < written) {
    const length = readSync(file, buffer, 0, Math.min(buffer.length, written - offset), offset);
    if (length === 0) throw new Error('The file is shorter than what was written to it.');
    for (const [, hash] of hashes) hash.update(buffer.subarray(0, length));
    offset += length;
  }
  if (isEnd) parentPort.postMessage(Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')])));
});
`;

class HashBeside implements FileHash {
  readonly #thread: Worker;
  readonly #answer: Promise<unknown>;
  #written = 0;

  constructor(path: string, withSha256: boolean) {
    const algorithms = withSha256 ? ['md5', 'sha256'] : ['md5'];
    // Nothing that the process was started with, such as a loader, is of use in there.
    this.#thread = new Worker(THREAD, { eval: true, workerData: { path, algorithms }, execArgv: [], env: {} });
    this.#answer = new Promise((resolve, reject) => {
      this.#thread.once('message', resolve);
      this.#thread.once('error', reject);
      this.#thread.once('exit', () => {
        reject(new Error('The thread that hashes a file ended.'));
      });
    });
    // It is awaited at the end; until then a rejection must not count as unhandled.
    this.#answer.catch(() => undefined);
  }

  update(chunk: Buffer): void {
    this.#written += chunk.length;
    this.#thread.postMessage({ written: this.#written, isEnd: false });
  }

  async digest(): Promise<FileDigest> {
    this.#thread.postMessage({ written: this.#written, isEnd: true });
    return answerSchema.parse(await this.#answer);
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
