import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { COUNTER_UID } from '../content-types/models';
import type { ActivityAnswer } from '../routes/contract';
import type { ActivityService } from './activity';
import { describeError } from './describeError';
import type { Log } from './log';

/** Sums up over all servers, and over their restarts, what asked for syncs and what came of it. */
export interface CountersService {
  /** All counts since the plugin was first started. */
  read(): Promise<ActivityAnswer>;
  /** Writes from now on what has been counted, now and then. */
  start(): void;
  /** Writes the rest. */
  stop(): Promise<void>;
}

/** Milliseconds between two writes, however much is counted. */
export const WRITE_EVERY_MS = 30_000;

/** When the first count was written, in ms since the epoch. */
const SINCE = 'since';

const rowsSchema = z.array(z.object({ name: z.string(), value: z.coerce.number() }));

/**
 * Keeps one row for each counter, about thirty in all. Servers add to them in the database itself, so that none
 * overwrites what another one counted.
 */
export function createCounters(strapi: Core.Strapi, activity: ActivityService, log: Log): CountersService {
  const written = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const table = () => strapi.db.getConnection(strapi.db.metadata.get(COUNTER_UID).tableName);

  /** What was counted here and is not in the database yet. */
  function pending(): Map<string, number> {
    const counts = flatten(activity.read());
    return new Map([...counts].map(([name, count]) => [name, count - (written.get(name) ?? 0)] as const));
  }

  async function add(name: string, count: number): Promise<void> {
    if ((await table().where({ name }).increment('value', count)) > 0) return;
    try {
      await table().insert({ name, value: count });
    } catch (error) {
      // Another server was first.
      if ((await table().where({ name }).increment('value', count)) === 0) throw error;
    }
  }

  async function hasBegun(): Promise<boolean> {
    const rows: unknown = await table().where({ name: SINCE }).select('name', 'value');
    return rowsSchema.parse(rows).length > 0;
  }

  async function begin(): Promise<void> {
    if (await hasBegun()) return;
    try {
      await table().insert({ name: SINCE, value: Date.parse(activity.read().since) });
    } catch (error) {
      if (!(await hasBegun())) throw error;
    }
  }

  async function write(): Promise<void> {
    const counts = [...pending()].filter(([, count]) => count > 0);
    if (counts.length === 0) return;
    try {
      await begin();
      for (const [name, count] of counts) {
        await add(name, count);
        written.set(name, (written.get(name) ?? 0) + count);
      }
    } catch (error) {
      log.debug(`What was counted could not be written, and will be later: ${describeError(error)}`);
    }
  }

  function writeInTurn(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  return {
    async read() {
      const waiting = pending();
      const rows: unknown = await table().select('name', 'value');
      const sums = new Map(rowsSchema.parse(rows).map(({ name, value }) => [name, value] as const));
      const since = sums.get(SINCE);
      for (const [name, count] of waiting) sums.set(name, (sums.get(name) ?? 0) + count);
      return unflatten(since === undefined ? activity.read().since : new Date(since).toISOString(), sums);
    },

    start() {
      timer ??= setInterval(() => void writeInTurn(), WRITE_EVERY_MS).unref();
    },

    async stop() {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      await writeInTurn();
    },
  };
}

/** The counters by name: `events.media`, `retries`, … */
function flatten({ events, skipped, retries, runs, outcomes, requests, bytes }: ActivityAnswer): Map<string, number> {
  const counts = new Map<string, number>([
    ['retries', retries],
    ['bytes', bytes],
  ]);
  for (const [group, values] of Object.entries({ events, skipped, runs, outcomes, requests })) {
    for (const [name, count] of Object.entries(values)) counts.set(`${group}.${name}`, count);
  }
  return counts;
}

function unflatten(since: string, counts: ReadonlyMap<string, number>): ActivityAnswer {
  const count = (name: string) => counts.get(name) ?? 0;
  const group = (name: string) =>
    Object.fromEntries(
      [...counts].flatMap(([key, value]) => (key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value]] : [])),
    );
  const skipped = (name: string) => count(`skipped.${name}`);
  const outcome = (name: string) => count(`outcomes.${name}`);
  return {
    since,
    events: group('events'),
    skipped: {
      coalesced: skipped('coalesced'),
      off: skipped('off'),
      excluded: skipped('excluded'),
      problems: skipped('problems'),
      outside: skipped('outside'),
      busy: skipped('busy'),
    },
    retries: count('retries'),
    runs: group('runs'),
    outcomes: {
      changed: outcome('changed'),
      unchanged: outcome('unchanged'),
      refused: outcome('refused'),
      failed: outcome('failed'),
      cancelled: outcome('cancelled'),
    },
    requests: group('requests'),
    bytes: count('bytes'),
  };
}
