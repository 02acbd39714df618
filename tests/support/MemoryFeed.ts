import type { Feed, FeedChange, KeyPast, SeenRows } from '../../server/src/sync/Feed';

/** The change feed without a database: rows in an array, their number is the position. */
export class MemoryFeed implements Feed {
  readonly rows: (FeedChange & { directoryId: string; position: number })[] = [];

  async append(changes: readonly FeedChange[], directoryId: string): Promise<void> {
    for (const change of changes) this.rows.push({ ...change, directoryId, position: this.rows.length + 1 });
  }

  async position(): Promise<number> {
    return this.rows.length;
  }

  async past(key: string, seen: SeenRows): Promise<KeyPast> {
    const rows = this.rows.filter((row) => row.key === key);
    const speaks = ({ position, directoryId }: (typeof rows)[number]): boolean =>
      seen.position === undefined || (position > seen.position && directoryId !== seen.directoryId);
    const last = rows.at(-1);
    return {
      ...(last?.action === 'delete' && speaks(last) ? { deletedMd5: last.md5 } : {}),
      supersededMd5s: new Set(rows.filter(speaks).flatMap(({ previousMd5 }) => previousMd5 ?? [])),
    };
  }
}
