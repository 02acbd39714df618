import type { Base } from './base/Base';
import type { Feed } from './Feed';

/** The lock of what waits; no file has this key. */
const OUTBOX = '';

/** Brings rows that were noted together with what they tell of to the change feed, as soon as it can be reached. */
export class Outbox {
  readonly #base: Base;
  readonly #feed: Feed;
  readonly #directoryId: string;

  constructor(base: Base, feed: Feed, directoryId: string) {
    this.#base = base;
    this.#feed = feed;
    this.#directoryId = directoryId;
  }

  /** Sends what waits, after what is being sent already, by whomever. */
  flush(): Promise<void> {
    return this.#base.locks.with([OUTBOX], () => this.#send());
  }

  /**
   * Sends what waits again and again: the others need not wait for the end of a long run.
   * @returns a function that ends it, sends what is left, and resolves when nothing is being sent any more.
   */
  flushEvery(milliseconds: number): () => Promise<void> {
    // What could not be sent stays where it is: the end of a run, or the next run, tries again and tells.
    const flush = (): Promise<void> => this.flush().catch(() => undefined);
    const timer = setInterval(() => void flush(), milliseconds).unref();
    return () => {
      clearInterval(timer);
      return flush();
    };
  }

  /** A row that was sent twice says the same twice, so a kill between the two steps does no harm. */
  async #send(): Promise<void> {
    const waiting = await this.#base.outbox();
    if (waiting.length === 0) return;
    await this.#feed.append(
      waiting.map(({ change }) => change),
      this.#directoryId,
    );
    await this.#base.sent(waiting.map(({ id }) => id));
  }
}
