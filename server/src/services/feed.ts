import { createHash } from 'node:crypto';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { CHANGE_UID } from '../content-types/models';
import { keyPast, type Feed, type FeedRow } from '../sync/Feed';
import type { DatabaseClock } from './databaseClock';
import { OVERLAP_MS, safePosition } from './safePosition';

/** A row of the feed with the database's time of its writing, in milliseconds since the epoch. */
export interface DatedFeedRow extends FeedRow {
  at: number;
}

/** The change feed in Strapi's database. */
export interface FeedService extends Feed {
  /** Rows after a position, oldest first, at most so many. */
  since(position: number, limit: number): Promise<DatedFeedRow[]>;
  /** What was last done with each key; those that no row names are left out. */
  lastActions(keys: readonly string[]): Promise<ReadonlyMap<string, FeedRow['action']>>;
  /**
   * Forgets what no directory can need any more: everything after 400 days, and after 7 days rows that name no replaced
   * or deleted content and have a newer one of the same key.
   *
   * @returns how many rows went.
   */
  prune(): Promise<number>;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A server that was away for longer, or an image older than that, may bring deleted files back. */
const TOMBSTONE_DAYS = 400;

/** Days after which rows that say nothing of their own may go. */
const OUTDATED_DAYS = 7;

/** Rows in one statement: well below the number of values that any database takes. */
const BATCH = 100;

/** Rows of one key that are looked at: its newest ones. */
const ROWS_OF_KEY = 1_000;

const changeRow = z
  .object({
    id: z.number(),
    key: z.string(),
    action: z.enum(['put', 'delete']),
    contentHash: z.string(),
    previousHash: z.string().nullish(),
    byName: z.boolean(),
    directoryId: z.string(),
    at: z.coerce.number(),
  })
  .transform(({ id, contentHash, previousHash, ...row }): DatedFeedRow => {
    const replaced = previousHash === null || previousHash === undefined ? {} : { previousMd5: previousHash };
    return { ...row, position: id, md5: contentHash, ...replaced };
  });

const placeRows = z.array(z.object({ id: z.number(), at: z.coerce.number() }));

/** Keeps the feed in a table of its own. Rows are dated by the database's clock. */
export function createFeed(strapi: Core.Strapi, clock: DatabaseClock): FeedService {
  const changes = () => strapi.db.query(CHANGE_UID);

  async function find(params: object): Promise<DatedFeedRow[]> {
    return z.array(changeRow).parse(await changes().findMany(params));
  }

  /** Ids of rows older than so many days that have a newer one of the same key, and name no content that went. */
  async function findOutdated(before: number): Promise<number[]> {
    const table = strapi.db.metadata.get(CHANGE_UID).tableName;
    const rows: unknown = await strapi.db
      .getConnection(`${table} as old`)
      .select('old.id as id')
      .where('old.at', '<', before)
      .where('old.action', 'put')
      .whereNull('old.previous_hash')
      .whereExists(
        strapi.db
          .getConnection(`${table} as newer`)
          .select('newer.id')
          .whereRaw('?? = ??', ['newer.key_hash', 'old.key_hash'])
          .whereRaw('?? > ??', ['newer.id', 'old.id']),
      )
      .limit(BATCH);
    return z
      .array(z.object({ id: z.number() }))
      .parse(rows)
      .map(({ id }) => id);
  }

  return {
    async append(added, directoryId) {
      for (let from = 0; from < added.length; from += BATCH) {
        // Each batch by itself: a row dated long before it can be read would be taken for one that has been seen.
        const at = await clock.now();
        const data = added.slice(from, from + BATCH).map(({ md5, previousMd5, ...change }) => ({
          ...change,
          keyHash: hashOf(change.key),
          contentHash: md5,
          previousHash: previousMd5,
          directoryId,
          at,
        }));
        await changes().createMany({ data });
      }
    },

    async past(key, seen) {
      const where = { keyHash: hashOf(key) };
      const newestFirst = await find({ where, orderBy: { id: 'desc' }, limit: ROWS_OF_KEY });
      return keyPast(newestFirst.reverse(), seen);
    },

    async position() {
      const now = await clock.now();
      const select = ['id', 'at'];
      const settled = await changes().findMany({
        select,
        where: { at: { $lte: now - OVERLAP_MS } },
        orderBy: { id: 'desc' },
        limit: 1,
      });
      const from = placeRows.parse(settled)[0]?.id ?? 0;
      const fresh = await changes().findMany({ select, where: { id: { $gt: from } }, orderBy: { id: 'asc' } });
      return safePosition(from, placeRows.parse(fresh), now);
    },

    async since(position, limit) {
      return find({ where: { id: { $gt: position } }, orderBy: { id: 'asc' }, limit });
    },

    async lastActions(keys) {
      const last = new Map<string, FeedRow['action']>();
      for (let at = 0; at < keys.length; at += BATCH) {
        const keyHash = { $in: keys.slice(at, at + BATCH).map(hashOf) };
        const oldestFirst = await find({ where: { keyHash }, orderBy: { id: 'asc' } });
        for (const { key, action } of oldestFirst) last.set(key, action);
      }
      return last;
    },

    async prune() {
      const now = await clock.now();
      const { count } = z
        .object({ count: z.number() })
        .parse(await changes().deleteMany({ where: { at: { $lt: now - TOMBSTONE_DAYS * DAY_MS } } }));
      let pruned = count;
      for (;;) {
        const ids = await findOutdated(now - OUTDATED_DAYS * DAY_MS);
        if (ids.length === 0) return pruned;
        await changes().deleteMany({ where: { id: { $in: ids } } });
        pruned += ids.length;
      }
    },
  };
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
