import type { DatabaseClock } from './databaseClock';
import type { FeedService } from './feed';
import { safePosition } from './safePosition';

/** What the others changed since the last look. */
export type FeedNews =
  | { kind: 'nothing' }
  /** More than can be looked at one by one: everything is to be compared. */
  | { kind: 'far-behind' }
  | {
      kind: 'changes';
      /** Each key with whether its last change was made by name. */
      keys: ReadonlyMap<string, boolean>;
      /** With these keys every row up to here was told. */
      position: number;
    };

/** Rows that are told key by key; beyond that one comparison of everything is cheaper. */
const MAX_ROWS = 10_000;

/**
 * Reads the feed from where it stood at the start. Rows after a fresh gap are told at once and read again until the gap
 * is filled or old; which of them were told is remembered, so that each is told once.
 */
export class FeedReader {
  readonly #feed: Pick<FeedService, 'position' | 'since'>;
  readonly #clock: DatabaseClock;
  #cursor: number | undefined;
  #told = new Set<number>();

  constructor(feed: Pick<FeedService, 'position' | 'since'>, clock: DatabaseClock) {
    this.#feed = feed;
    this.#clock = clock;
  }

  /** Position up to which every row was told; `undefined` before the first look. */
  get position(): number | undefined {
    return this.#cursor;
  }

  /** What is in the feed by now is left to a comparison of everything. */
  async skip(): Promise<void> {
    this.#told.clear();
    this.#cursor = await this.#feed.position();
  }

  /** @param directoryId whose changes need not be told: they were made here. Only asked for where there are rows. */
  async read(directoryId: () => Promise<string | undefined>): Promise<FeedNews> {
    if (this.#cursor === undefined) {
      await this.skip();
      return { kind: 'far-behind' };
    }
    const rows = await this.#feed.since(this.#cursor, MAX_ROWS + 1);
    if (rows.length === 0) return { kind: 'nothing' };
    if (rows.length > MAX_ROWS) {
      await this.skip();
      return { kind: 'far-behind' };
    }
    const mine = await directoryId();
    const places = rows.map(({ position, at }) => ({ id: position, at }));
    const position = safePosition(this.#cursor, places, await this.#clock.now());
    const keys = new Map<string, boolean>();
    for (const row of rows) {
      if (!this.#told.has(row.position) && row.directoryId !== mine) keys.set(row.key, row.byName);
    }
    this.#told = new Set(rows.map((row) => row.position).filter((id) => id > position));
    this.#cursor = position;
    return keys.size === 0 ? { kind: 'nothing' } : { kind: 'changes', keys, position };
  }
}
