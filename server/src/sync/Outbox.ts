import type { Base } from './base/Base';
import type { Feed } from './Feed';

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

  /** A row that was sent twice says the same twice, so a kill between the two steps does no harm. */
  async flush(): Promise<void> {
    const waiting = await this.#base.outbox();
    if (waiting.length === 0) return;
    await this.#feed.append(
      waiting.map(({ change }) => change),
      this.#directoryId,
    );
    await this.#base.sent(waiting.map(({ id }) => id));
  }
}
