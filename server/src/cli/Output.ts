import { writeSync } from 'node:fs';

type Write = (text: string, done?: () => void) => boolean;

/**
 * What the command line prints. The answer goes to stdout: with `--json` exactly one document, and nothing else ever.
 * All that is said beside it goes to stderr.
 */
export class Output {
  /** Answers are JSON. */
  readonly json: boolean;
  /** Say more. */
  readonly verbose: boolean;
  readonly #writeStdout: Write = process.stdout.write.bind(process.stdout);
  readonly #writeStderr: Write = process.stderr.write.bind(process.stderr);
  #caught: string[] = [];
  #isCatching = false;

  constructor(options: { json: boolean; verbose: boolean }) {
    this.json = options.json;
    this.verbose = options.verbose;
  }

  /** Prints the answer: the document with `--json`, else the text. */
  answer(document: unknown, text: string): void {
    this.#writeStdout(this.json ? `${JSON.stringify(document, undefined, 2)}\n` : text === '' ? '' : `${text}\n`);
  }

  /** Says something beside the answer. */
  note(text: string): void {
    this.#writeStderr(`${text}\n`);
  }

  /** Writes to stderr as it is, for what is drawn again and again. */
  draw(text: string): void {
    this.#writeStderr(text);
  }

  /**
   * Resolves when the readers have taken all that was printed: a pipe takes little at once, and what is still on its way
   * when the process ends is lost. A reader that is gone is not waited for.
   */
  async flush(): Promise<void> {
    await Promise.all([flushed(this.#writeStdout), flushed(this.#writeStderr)]);
  }

  /** From now on, what others write to stdout or stderr (Strapi's log) is kept; with `--verbose` it goes to stderr. */
  catchOthers(): void {
    this.#isCatching = true;
    const keep = (chunk: unknown): boolean => {
      const text = typeof chunk === 'string' ? chunk : chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : '';
      if (this.verbose) this.#writeStderr(text);
      else this.#caught.push(text);
      return true;
    };
    const catching = (chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') process.nextTick(callback);
      return keep(chunk);
    };
    process.stdout.write = catching;
    process.stderr.write = catching;
  }

  /** Shows what others wrote: they were ended by an error that only their words explain. */
  showCaught(): void {
    if (!this.#isCatching) return;
    writeSync(2, this.#caught.join(''));
    this.#caught = [];
  }
}

/** Writes go out one after the other, so an empty one that is done comes after all others. */
function flushed(write: Write): Promise<void> {
  return new Promise((resolve) => {
    write('', () => {
      resolve();
    });
  });
}
