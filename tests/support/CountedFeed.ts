import type { Feed, FeedChange, KeyPast, SeenRows } from '../../server/src/sync/Feed';
import { Steps } from './Steps';

/** A feed as one instance sees it: each query is a step. */
export class CountedFeed implements Feed {
  readonly #feed: Feed;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  async append(changes: readonly FeedChange[], directoryId: string): Promise<void> {
    await Steps.take();
    await this.#feed.append(changes, directoryId);
  }

  async past(key: string, seen: SeenRows): Promise<KeyPast> {
    await Steps.take();
    return this.#feed.past(key, seen);
  }

  async position(): Promise<number> {
    await Steps.take();
    return this.#feed.position();
  }
}
