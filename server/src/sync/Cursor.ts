/**
 * Walks through batches one item at a time, fetching the next batch while this one is used.
 * Items within a batch cost no promise, which matters for a million keys.
 */
export class Cursor<T> {
  readonly #iterator: AsyncIterator<T[], unknown>;
  #next: Promise<IteratorResult<T[], unknown>>;
  #batch: T[] = [];
  #index = 0;

  constructor(batches: AsyncIterable<T[]>) {
    this.#iterator = batches[Symbol.asyncIterator]();
    this.#next = this.#fetch();
  }

  /** The item at hand; `undefined` at the end. Valid after the first `advance`. */
  get current(): T | undefined {
    return this.#batch[this.#index];
  }

  /** Goes to the next item (or to the first one). Returns a promise only where a batch has to be waited for. */
  advance(): Promise<void> | undefined {
    if (this.#index + 1 < this.#batch.length) {
      this.#index += 1;
      return undefined;
    }
    return this.#advanceBatch();
  }

  /** Ends the source early. */
  async close(): Promise<void> {
    // The error of a batch nobody will use any more was seen where it was thrown, or does not matter.
    await this.#next.catch(() => undefined);
    await this.#iterator.return?.();
  }

  async #advanceBatch(): Promise<void> {
    for (;;) {
      const result = await this.#next;
      this.#index = 0;
      if (result.done) {
        this.#batch = [];
        return;
      }
      this.#batch = result.value;
      this.#next = this.#fetch();
      if (this.#batch.length > 0) return;
    }
  }

  #fetch(): Promise<IteratorResult<T[], unknown>> {
    const next = this.#iterator.next();
    // It is awaited later; until then a rejection must not count as unhandled.
    next.catch(() => undefined);
    return next;
  }
}
