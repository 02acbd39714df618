import { hostname } from 'node:os';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { ERROR_UID } from '../content-types/models';
import type { ErrorAnswer, ErrorListAnswer, ErrorSource } from '../routes/contract';
import { describeError } from './describeError';
import type { Log } from './log';

/** Errors that belong to no run: triggers, feed, read-through. They are in Strapi's log too, as ever. */
export interface ErrorLogService {
  /** A log whose warnings and errors are kept here as well. */
  logFor(source: ErrorSource): Log;
  /** Newest first. Pages count from 1. */
  list(page: number, pageSize: number): Promise<ErrorListAnswer>;
  /** Writes from now on what was noted. */
  start(): void;
  /** Writes the rest. */
  stop(): Promise<void>;
}

/** Older ones are forgotten. */
export const ERRORS_KEPT = 200;

/** The same words within so long, in ms, are one entry with a count. */
const SAME_WITHIN_MS = 60 * 60_000;

/** Milliseconds until what was noted is written: a burst becomes one write. */
const WRITE_AFTER_MS = 2_000;

/** The database is away: it is tried again after so long, in ms. */
const RETRY_AFTER_MS = 30_000;

/** Different errors that wait in memory; further ones are only in Strapi's log. */
const MOST_WAITING = 100;

const MOST_CHARACTERS = 2_000;

interface Noted {
  source: ErrorSource;
  level: ErrorAnswer['level'];
  message: string;
  count: number;
  firstAt: number;
  lastAt: number;
}

const errorRow = z.object({
  id: z.number(),
  source: z.enum(['triggers', 'feed', 'history', 'servers', 'read-through']),
  level: z.enum(['warn', 'error']),
  message: z.string(),
  count: z.number(),
  firstAt: z.coerce.number(),
  lastAt: z.coerce.number(),
  host: z.string(),
});

/** Keeps them in a table of the plugin's own, which all servers write to. */
export function createErrorLog(strapi: Core.Strapi, log: Log): ErrorLogService {
  const host = hostname();
  const errors = () => strapi.db.query(ERROR_UID);
  const waiting = new Map<string, Noted>();
  let timer: NodeJS.Timeout | undefined;
  let started = false;
  let writing: Promise<void> = Promise.resolve();

  function note(source: ErrorSource, level: Noted['level'], text: string): void {
    const message = text.slice(0, MOST_CHARACTERS);
    const id = JSON.stringify([source, level, message]);
    const now = Date.now();
    const known = waiting.get(id);
    if (known !== undefined) {
      known.count += 1;
      known.lastAt = now;
    } else if (waiting.size < MOST_WAITING) {
      waiting.set(id, { source, level, message, count: 1, firstAt: now, lastAt: now });
    }
    schedule(WRITE_AFTER_MS);
  }

  function schedule(ms: number): void {
    if (!started || waiting.size === 0) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void writeInTurn();
    }, ms).unref();
  }

  async function find(params: object): Promise<z.output<typeof errorRow>[]> {
    return z.array(errorRow).parse(await errors().findMany(params));
  }

  async function writeOne({ source, level, message, count, firstAt, lastAt }: Noted): Promise<void> {
    const where = { source, level, host, lastAt: { $gte: firstAt - SAME_WITHIN_MS } };
    const recent = await find({ where, orderBy: { id: 'desc' }, limit: MOST_WAITING });
    const same = recent.find((row) => row.message === message);
    if (same === undefined) await errors().create({ data: { source, level, message, count, firstAt, lastAt, host } });
    else await errors().updateMany({ where: { id: same.id }, data: { count: same.count + count, lastAt } });
  }

  async function write(): Promise<void> {
    try {
      for (const [id, noted] of [...waiting]) {
        waiting.delete(id);
        await writeOne(noted).catch((error: unknown) => {
          waiting.set(id, noted);
          throw error;
        });
      }
      const [oldestKept] = await find({ orderBy: { id: 'desc' }, offset: ERRORS_KEPT - 1, limit: 1 });
      if (oldestKept !== undefined) await errors().deleteMany({ where: { id: { $lt: oldestKept.id } } });
    } catch (error) {
      log.debug(`Errors could not be written down, and will be later: ${describeError(error)}`);
      schedule(RETRY_AFTER_MS);
    }
  }

  function writeInTurn(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  return {
    logFor: (source) => ({
      debug: (message) => {
        log.debug(message);
      },
      info: (message) => {
        log.info(message);
      },
      warn: (message) => {
        log.warn(message);
        note(source, 'warn', message);
      },
      error: (message) => {
        log.error(message);
        note(source, 'error', message);
      },
    }),

    async list(page, pageSize) {
      const rows = await find({
        orderBy: [{ lastAt: 'desc' }, { id: 'desc' }],
        offset: (page - 1) * pageSize,
        limit: pageSize,
      });
      return { results: rows.map(toAnswer), pagination: { page, pageSize, total: await errors().count() } };
    },

    start() {
      started = true;
      schedule(WRITE_AFTER_MS);
    },

    async stop() {
      if (!started) return;
      started = false;
      clearTimeout(timer);
      await writeInTurn();
    },
  };
}

function toAnswer({ firstAt, lastAt, ...row }: z.output<typeof errorRow>): ErrorAnswer {
  return { ...row, firstAt: new Date(firstAt).toISOString(), lastAt: new Date(lastAt).toISOString() };
}
