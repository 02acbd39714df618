import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { RUN_FAILURE_UID, RUN_UID } from '../content-types/models';
import type {
  FailureKind,
  LookAnswer,
  Pagination,
  RunAnswer,
  RunDetailAnswer,
  RunListAnswer,
  TriggerName,
} from '../routes/contract';
import type { SyncErrorCode } from '../sync/SyncError';
import type { SyncScope } from '../sync/SyncOptions';
import type { KeyFailure, SyncReport } from '../sync/SyncReport';
import type { DatabaseClock } from './databaseClock';
import type { SinceLastKept } from './activity';
import { isAlive, type ProcessIdentity } from './ProcessIdentity';
import { endsSearch, findUnresolved, type EndedRun } from './unresolved';

/** Older runs are forgotten, with their failures. */
export const RUNS_KEPT = 200;

/** Rows in one insert: well below the number of values that any database takes in one statement. */
const INSERT_BATCH = 100;

/** Runs that are read at a time, to find what the last ones came to. */
const ENDED_BATCH = 50;

/** A run for more files than this is settled by one that looks at all of them. */
const NAMED_KEYS = 50;

/** What is known of a run when it starts. */
export interface NewRun {
  trigger: TriggerName;
  /** Name of the administrator who asked for it. */
  startedBy?: string;
  mode: RunAnswer['mode'];
  /** Absolute path of the synced directory. */
  directory: string;
  /** How much it looks at. */
  scope: SyncScope;
}

/** A directory whose runs are asked for. */
export interface RunPlace {
  /** Absolute path on this host. */
  directory: string;
  /** Absent where the directory was not opened yet. */
  directoryId?: string;
}

/** What goes on at a directory, what came of the last run, and what is still to be settled. */
export interface RecentRuns {
  running?: RunAnswer;
  lastRun?: RunAnswer;
  unresolved?: RunAnswer;
  /** Runs of other directories that go on, or are to be settled there. */
  elsewhere: RunAnswer[];
}

/** The history of runs, in the database. */
export interface RunsService {
  create(run: NewRun): Promise<RunAnswer>;
  /** Notes which directory the run has locked, and that other runs of it that seem to go on were killed. */
  lock(id: number, directoryId: string): Promise<void>;
  /** Shows the others that the run goes on. */
  heartbeat(id: number): Promise<void>;
  addFailures(id: number, failures: readonly KeyFailure[]): Promise<void>;
  /**
   * Ends a run and forgets the oldest ones.
   *
   * @param scope how much it was to look at.
   * @param counts what led to it.
   */
  finish(id: number, scope: SyncScope, report: SyncReport, counts: SinceLastKept): Promise<RunAnswer>;
  /** Takes a run out of the history, with its failures. */
  remove(id: number): Promise<void>;
  /** Runs of processes that have died become `interrupted`. */
  interruptDead(): Promise<void>;
  /** The run of another living process on this host on the directory with that id, with where it goes on. */
  findElsewhere(directoryId: string): Promise<{ run: RunAnswer; host: string; pid: number } | undefined>;
  /**
   * How it stands with the runs of a directory, and with those of others.
   *
   * @param others ids of directories that living servers sync.
   * @param lastLook the last time that all files of this directory were looked at.
   */
  recent(here: RunPlace, others: readonly string[], lastLook: LookAnswer | undefined): Promise<RecentRuns>;
  /** Newest first. Pages count from 1. */
  list(page: number, pageSize: number): Promise<RunListAnswer>;
  /**
   * A run and one page of its failures; `undefined` where there is no such run.
   * @param kind only these failures; all where it is not said.
   */
  get(id: number, page: number, pageSize: number, kind?: FailureKind): Promise<RunDetailAnswer | undefined>;
}

/** How the kinds are told apart in the table. */
const CODES: Record<FailureKind, object> = {
  conflict: { $eq: 'CONFLICT' },
  withheld: { $eq: 'WITHHELD' },
  failed: { $notIn: ['CONFLICT', 'WITHHELD'] },
};

const count = z.number().catch(0);

const resultSchema = z.object({
  scope: z.enum(['whole', 'local', 'keys', 'restore']).optional(),
  keys: z.array(z.string()).optional(),
  durationMs: z.number().optional(),
  uploaded: count,
  downloaded: count,
  deletedRemote: count,
  deletedLocal: count,
  unchanged: count,
  conflicts: count,
  failed: count,
  withheld: count,
  bytes: count,
  requests: z.record(z.string(), z.number()).catch({}),
  events: z.number().optional(),
  quietRuns: z.number().optional(),
  refused: z
    .object({
      guard: z.enum([
        'directory-missing',
        'directory-emptied',
        'folder-emptied',
        'bucket-emptied',
        'first-run',
        'max-delete',
        'other-site',
        'other-directory',
      ]),
      count: z.number(),
      deletes: z.object({ remote: z.number(), local: z.number() }).optional(),
      limit: z.number(),
      message: z.string(),
      fix: z.string(),
      digest: z.string().optional(),
    })
    .optional(),
  error: z.object({ code: z.string(), message: z.string(), fix: z.string() }).optional(),
});

const nothingDone = resultSchema.parse({});

const runRow = z.object({
  id: z.number(),
  trigger: z.enum(['button', 'content', 'media', 'start', 'scan', 'cron', 'cli', 'feed', 'trash']),
  startedBy: z.string().nullable(),
  mode: z.enum(['SINGLE', 'MULTI']).nullable(),
  status: z.enum(['done', 'refused', 'partial', 'failed', 'cancelled', 'running', 'interrupted']),
  startedAt: z.coerce.date(),
  endedAt: z.coerce.date().nullable(),
  result: resultSchema.nullable(),
  host: z.string(),
  pid: z.number(),
  bootId: z.string(),
  directory: z.string(),
  directoryId: z.string().nullable(),
  heartbeatAt: z.coerce.date(),
});

type RunRow = z.output<typeof runRow>;

const failureRow = z.object({
  key: z.string(),
  // This service wrote it.
  code: z.custom<SyncErrorCode>((value) => typeof value === 'string'),
  message: z.string(),
  fix: z.string(),
});

/** Keeps the history in the plugin's own tables. */
export function createRuns(strapi: Core.Strapi, self: ProcessIdentity, clock: DatabaseClock): RunsService {
  const runs = () => strapi.db.query(RUN_UID);
  const failures = () => strapi.db.query(RUN_FAILURE_UID);

  async function find(params: object): Promise<RunRow[]> {
    return z.array(runRow).parse(await runs().findMany(params));
  }

  async function interrupt(rows: readonly RunRow[]): Promise<void> {
    for (const row of rows) {
      const data = { status: 'interrupted', endedAt: row.heartbeatAt };
      // Only where it still says so: its own process may have ended it in the meantime.
      await runs().updateMany({ where: { id: row.id, status: 'running' }, data });
    }
  }

  async function interruptDead(): Promise<void> {
    const running = await find({ where: { status: 'running' } });
    if (running.length === 0) return;
    const now = await clock.now();
    await interrupt(running.filter((row) => !isAlive(row, self, now)));
  }

  async function forgetOldest(): Promise<void> {
    const [oldestKept] = await find({ orderBy: { id: 'desc' }, offset: RUNS_KEPT - 1, limit: 1 });
    if (oldestKept === undefined) return;
    await failures().deleteMany({ where: { runId: { $lt: oldestKept.id } } });
    await runs().deleteMany({ where: { id: { $lt: oldestKept.id } } });
  }

  /**
   * Runs that have ended, newest first, back to where all that is older is settled.
   *
   * @param areEnough whether no older ones are needed.
   */
  async function findEnded(areEnough: (rows: readonly RunRow[]) => boolean): Promise<RunRow[]> {
    const all: RunRow[] = [];
    for (;;) {
      const page = { orderBy: { id: 'desc' }, offset: all.length, limit: ENDED_BATCH };
      const rows = await find({ where: { status: { $ne: 'running' } }, ...page });
      all.push(...rows);
      if (rows.length < ENDED_BATCH || areEnough(all)) return all;
    }
  }

  return {
    interruptDead,

    async create({ trigger, startedBy, mode, directory, scope }) {
      const now = new Date(await clock.now());
      const data = {
        ...self,
        trigger,
        startedBy,
        mode,
        directory,
        status: 'running',
        result: { ...nothingDone, ...describeScope(scope) },
        startedAt: now,
        heartbeatAt: now,
      };
      return toAnswer(runRow.parse(await runs().create({ data })));
    },

    async lock(id, directoryId) {
      const others = await find({ where: { status: 'running', directoryId, id: { $ne: id } } });
      await interrupt(others);
      await runs().updateMany({ where: { id }, data: { directoryId } });
    },

    async heartbeat(id) {
      await runs().updateMany({ where: { id }, data: { heartbeatAt: new Date(await clock.now()) } });
    },

    async addFailures(id, added) {
      for (let at = 0; at < added.length; at += INSERT_BATCH) {
        const data = added
          .slice(at, at + INSERT_BATCH)
          .map(({ key, code, message, fix }) => ({ runId: id, key, code, message, fix }));
        await failures().createMany({ data });
      }
    },

    async finish(id, scope, report, counts) {
      const { status, ...result } = report;
      const data = {
        status,
        result: resultSchema.parse({ ...result, ...counts, ...describeScope(scope, report) }),
        endedAt: new Date(await clock.now()),
      };
      const row = runRow.parse(await runs().update({ where: { id }, data }));
      await forgetOldest();
      return toAnswer(row);
    },

    async remove(id) {
      await failures().deleteMany({ where: { runId: id } });
      await runs().deleteMany({ where: { id } });
    },

    async findElsewhere(directoryId) {
      await interruptDead();
      // Containers may share a host name and a path, and have volumes of their own.
      const running = await find({ where: { status: 'running', directoryId }, orderBy: { id: 'desc' } });
      const other = running.find((row) => row.bootId !== self.bootId && row.host === self.host);
      return other && { run: toAnswer(other), host: other.host, pid: other.pid };
    },

    async recent(here, others, lastLook) {
      await interruptDead();
      const running = await find({ where: { status: 'running' }, orderBy: { id: 'desc' } });
      const isMine = (row: RunRow): boolean => isAt(row, here, self.host);
      const ended = await findEnded((rows) =>
        [isMine, ...others.map(isOf)].every((isAsked) => endsSearch(rows.filter(isAsked).map(toEnded))),
      );
      const mine = ended.filter(isMine);
      const unresolved = findUnresolved(mine.map(toEnded), lastLook);
      return {
        ...given('running', running.filter(isMine).map(toAnswer)[0]),
        ...given('lastRun', [...mine].sort(byEnd).map(toAnswer)[0]),
        ...given('unresolved', unresolved),
        elsewhere: [
          ...running.filter((row) => !isMine(row)).map(toAnswer),
          ...others.flatMap((id) => findUnresolved(ended.filter(isOf(id)).map(toEnded)) ?? []),
        ],
      };
    },

    async list(page, pageSize) {
      const rows = await find({ orderBy: { id: 'desc' }, ...slice(page, pageSize) });
      const pagination: Pagination = { page, pageSize, total: await runs().count() };
      return { results: rows.map(toAnswer), pagination };
    },

    async get(id, page, pageSize, kind) {
      const [row] = await find({ where: { id }, limit: 1 });
      if (row === undefined) return undefined;
      const where = { runId: id, ...(kind === undefined ? {} : { code: CODES[kind] }) };
      const found = await failures().findMany({ where, orderBy: { id: 'asc' }, ...slice(page, pageSize) });
      const pagination: Pagination = { page, pageSize, total: await failures().count({ where }) };
      return { run: toAnswer(row), failures: z.array(failureRow).parse(found), pagination };
    },
  };
}

function slice(page: number, pageSize: number): { offset: number; limit: number } {
  return { offset: (page - 1) * pageSize, limit: pageSize };
}

/**
 * How much a run looks at, to be written down. Before the first whole run has ended, every run is a whole one: it has
 * counted the files, and listed the bucket.
 */
function describeScope(scope: SyncScope, report?: SyncReport): { scope: SyncScope['kind']; keys?: string[] } {
  const isAll = report?.sides !== undefined && (report.requests.ListObjectsV2 ?? 0) > 0;
  if (isAll && (scope.kind === 'keys' || scope.kind === 'local')) return { scope: 'whole' };
  const areNamed = scope.kind === 'keys' && scope.keys.length <= NAMED_KEYS;
  return { scope: scope.kind, ...(areNamed ? { keys: [...scope.keys] } : {}) };
}

/** Whether a run was one of this directory: by its id, or by its path on this host where the id is not known. */
function isAt(row: RunRow, { directory, directoryId }: RunPlace, host: string): boolean {
  if (directoryId !== undefined && row.directoryId !== null) return row.directoryId === directoryId;
  return row.host === host && row.directory === directory;
}

function isOf(directoryId: string): (row: RunRow) => boolean {
  return (row) => row.directoryId === directoryId;
}

/** Last ended first: a short run beside a long one begins later and ends earlier. */
function byEnd(one: RunRow, other: RunRow): number {
  const endOf = ({ endedAt, startedAt }: RunRow): number => (endedAt ?? startedAt).getTime();
  return endOf(other) - endOf(one) || other.id - one.id;
}

function given<Name extends string, Value>(name: Name, value: Value | undefined): { [name in Name]?: Value } {
  const none: { [name in Name]?: Value } = {};
  return value === undefined ? none : { ...none, [name]: value };
}

function toEnded(row: RunRow): EndedRun {
  const keys = row.result?.keys;
  return { run: toAnswer(row), ...(keys === undefined ? {} : { keys }) };
}

function toAnswer(row: RunRow): RunAnswer {
  const { refused, error, keys: _keys, ...result } = row.result ?? nothingDone;
  return {
    ...result,
    id: row.id,
    host: row.host,
    pid: row.pid,
    trigger: row.trigger,
    ...(row.startedBy === null ? {} : { startedBy: row.startedBy }),
    mode: row.mode ?? undefined,
    status: row.status,
    startedAt: row.startedAt.toISOString(),
    ...(row.endedAt === null ? {} : { endedAt: row.endedAt.toISOString() }),
    ...(refused === undefined ? {} : { refused }),
    ...(error === undefined ? {} : { error }),
  };
}
