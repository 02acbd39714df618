import {
  keyPast,
  type Feed,
  type FeedChange,
  type FeedRow,
  type KeyPast,
  type SeenRows,
} from '../../server/src/sync/Feed';

/** The change feed without a database: rows in an array, their number is the position. */
export class MemoryFeed implements Feed {
  readonly rows: FeedRow[] = [];

  async append(changes: readonly FeedChange[], directoryId: string): Promise<void> {
    for (const change of changes) this.rows.push({ ...change, directoryId, position: this.rows.length + 1 });
  }

  async position(): Promise<number> {
    return this.rows.length;
  }

  async past(key: string, seen: SeenRows): Promise<KeyPast> {
    return keyPast(
      this.rows.filter((row) => row.key === key),
      seen,
    );
  }
}
