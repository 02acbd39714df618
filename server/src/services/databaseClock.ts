import type { Core } from '@strapi/strapi';
import { z } from 'zod';

/** The clock that all servers of a site share: those of their hosts may differ by minutes. */
export interface DatabaseClock {
  /** Milliseconds since the epoch. */
  now(): Promise<number>;
}

/** One expression for each database that Strapi runs on, all in milliseconds since the epoch. */
const EXPRESSIONS: Record<string, string> = {
  sqlite: "cast((julianday('now') - 2440587.5) * 86400000 as integer)",
  postgres: 'floor(extract(epoch from clock_timestamp()) * 1000)',
  mysql: 'floor(unix_timestamp(now(3)) * 1000)',
};

const clockRows = z.array(z.object({ now: z.coerce.number() })).min(1);

/** Asks the database for its time. */
export function createDatabaseClock(strapi: Core.Strapi): DatabaseClock {
  return {
    async now() {
      const { connection, dialect } = strapi.db;
      const expression = EXPRESSIONS[dialect.client];
      if (expression === undefined) throw new Error(`The clock of the database ${dialect.client} is not known.`);
      const rows: unknown = await connection.select(connection.raw(`${expression} as now`));
      const [{ now } = { now: Number.NaN }] = clockRows.parse(rows);
      return now;
    },
  };
}
