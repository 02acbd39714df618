import { lstatSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ObjectHead } from '../sync/bucket/Bucket';
import { errorCode } from '../sync/errorCode';
import type { FetchWatcher } from '../sync/fetchObject';

/** How a wish for a missing file ended. */
export type ArrivalEnd =
  /** The file is here. */
  | 'here'
  /** Nobody names it any more, or nobody ever did. */
  | 'unknown'
  /** It is named, but its bytes are not in the bucket yet. */
  | 'pending'
  /** The store did not answer in time, or with an error. */
  | 'unavailable';

/** Files up to this size are waited for; larger ones are passed on while they arrive. Bytes. */
const STREAM_FROM = 1024 * 1024;

/** Bytes read at a time. */
const CHUNK = 64 * 1024;

/** The last bytes are not passed on before the whole was verified: a wrong body is never complete. */
const HELD_BACK = 64 * 1024;

/** Why a body ends early. Koa tells the client nothing but 404, and prints no stack trace: the cause was logged. */
class NotArrived extends Error {
  readonly status: number = 404;
  readonly expose = true;
  /** Sent where nothing else was sent before. */
  readonly headers: Record<string, string> = { 'Cache-Control': 'no-store' };
}

/** Another file stands in its place by now, which the next request gets. */
class Replaced extends NotArrived {
  override readonly status = 503;
  override readonly headers = { 'Cache-Control': 'no-store', 'Retry-After': '1' };
}

/** A file that comes from the bucket. Any number of clients read along from the disk; none of them slows the others. */
export class Arrival implements FetchWatcher {
  /** When the file is no longer waited for, if it is not in the bucket; milliseconds since the epoch. */
  pendingUntil = 0;
  /** The store has said that it does not hold the object yet: it is asked again and again. */
  isAwaited = false;
  /** The bucket may hold an older version: nobody reads along before that is known. */
  isDoubtful = false;
  /** Aborts the download: nobody may have the file any more. */
  readonly controller = new AbortController();
  readonly #path: string;
  readonly #waiters = new Set<() => void>();
  readonly ended: Promise<ArrivalEnd>;
  /** Resolves when the first bytes come, or with the end. */
  readonly begun: Promise<void>;
  #resolveEnd: (end: ArrivalEnd) => void = () => undefined;
  #resolveBegun: () => void = () => undefined;
  #head: ObjectHead | undefined;
  #attempt = 0;
  #attemptPath = '';
  /** It stays the same when the file gets its name. */
  #attemptInode: bigint | undefined;
  #written = 0;
  #end: ArrivalEnd | undefined;

  /** @param path absolute path of the file when it is here. */
  constructor(path: string) {
    this.#path = path;
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve;
    });
    this.begun = new Promise((resolve) => {
      this.#resolveBegun = resolve;
    });
  }

  /** What the store says of the object, as soon as its bytes come. */
  get head(): ObjectHead | undefined {
    return this.#head;
  }

  /** Whether clients may have read a part of it already: only that version can go on. */
  get isReadAlong(): boolean {
    return !this.isDoubtful && this.#head !== undefined && this.#head.size > STREAM_FROM;
  }

  /** How often its bytes began to come. */
  get attempts(): number {
    return this.#attempt;
  }

  begin(head: ObjectHead, path: string): void {
    this.#head = head;
    this.#attempt += 1;
    this.#attemptPath = path;
    this.#attemptInode = lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
    this.#written = 0;
    this.#resolveBegun();
    this.#wake();
  }

  written(bytes: number): void {
    this.#written += bytes;
    this.#wake();
  }

  /** What came of it; nothing comes after that. */
  end(end: ArrivalEnd): void {
    this.#end = end;
    this.#resolveEnd(end);
    this.#resolveBegun();
    this.#wake();
  }

  /**
   * Resolves with the end, or earlier with the head of an object that is large enough to be read while it comes, as soon as
   * there are bytes of it: until then the answer may still be another one.
   */
  async settled(): Promise<ArrivalEnd | ObjectHead> {
    for (;;) {
      if (this.#end !== undefined) return this.#end;
      if (this.#head !== undefined && this.isReadAlong && this.#written > 0) return this.#head;
      await this.#change();
    }
  }

  /**
   * The bytes from `first` to `last`, both included, as they come. The stream ends with an error where they do not all
   * come.
   */
  read(first: number, last: number): Readable {
    return Readable.from(this.#follow(first, last), { objectMode: false });
  }

  async *#follow(first: number, last: number): AsyncGenerator<Buffer> {
    let offset = first;
    let file: { attempt: number; handle: FileHandle } | undefined;
    try {
      while (offset <= last) {
        const readable = await this.#readableFrom(offset);
        if (file?.attempt !== this.#attempt) {
          await file?.handle.close();
          file = undefined;
          const attempt = this.#attempt;
          const handle = await this.#open();
          // The attempt failed meanwhile, and its file is gone: there is another one to wait for.
          if (handle === undefined) continue;
          file = { attempt, handle };
        }
        const length = Math.min(CHUNK, last + 1 - offset, readable - offset);
        const { bytesRead, buffer } = await file.handle.read(Buffer.allocUnsafe(length), 0, length, offset);
        if (bytesRead === 0) throw new NotArrived('The file was changed while it was sent.');
        offset += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file?.handle.close();
    }
  }

  /** Waits until there is something to read after the offset. Returns the end of what can be read. */
  async #readableFrom(offset: number): Promise<number> {
    for (;;) {
      const size = this.#head?.size ?? 0;
      if (this.#end === 'here') return size;
      if (this.#end !== undefined) throw new NotArrived('The file did not arrive.');
      const readable = Math.min(this.#written, size - HELD_BACK);
      if (readable > offset) return readable;
      await this.#change();
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    const onItsWay = await openIfThere(this.#attemptPath);
    if (onItsWay !== undefined) return onItsWay;
    // Not there any more: the next attempt, or the end, comes soon.
    if (this.#end === undefined) {
      await this.#change();
      return undefined;
    }
    const placed = await openIfThere(this.#path);
    if (placed === undefined) throw new NotArrived('The file did not stay.');
    if (await this.#isWhatCame(placed)) return placed;
    await placed.close();
    throw new Replaced('Another file was written in its place.');
  }

  /** Whoever wrote the file here at the same time was first: its bytes do not fit what was said of those that came. */
  async #isWhatCame(file: FileHandle): Promise<boolean> {
    const { ino, size } = await file.stat({ bigint: true });
    return ino === this.#attemptInode && Number(size) === this.#head?.size;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add(resolve);
    });
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return undefined;
  }
}
