import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { INSTANCE_UID } from '../content-types/models';
import type { InstanceAnswer } from '../routes/contract';
import type { Mode } from '../sync/decide';
import type { OtherDirectory } from '../sync/SyncOptions';
import type { SyncReport } from '../sync/SyncReport';
import type { DatabaseClock } from './databaseClock';
import { describeError } from './describeError';
import type { Log } from './log';
import { HEARTBEAT_MS, isAlive, type ProcessIdentity } from './ProcessIdentity';

/** What a server syncs. */
export interface InstancePlace {
  /** Absolute path. */
  directory: string;
  directoryId: string;
  mode: Mode;
}

/** A server that the command line can ask. */
export interface ListeningServer {
  host: string;
  pid: number;
  /** Absolute path. */
  directory: string;
}

/** The servers that share this database, each with the directory it syncs. */
export interface InstancesService {
  /** Enters this process with its directory, and keeps the entry alive until `leave`. */
  enter(place: InstancePlace): Promise<void>;
  /**
   * Shows that this process is a server, also where its settings do not let it sync: the command line must not write to
   * its database beside it. Until `enter` its directory stands in nobody's way.
   */
  listens(directory: string): Promise<void>;
  /** The living servers beside this process. A command that has no server is none, though it is entered while it syncs. */
  servers(): Promise<ListeningServer[]>;
  /**
   * A living server that must end before this one may sync in SINGLE mode: it has another directory, and was there first
   * or is in MULTI mode.
   */
  findOther(directoryId: string): Promise<OtherDirectory | undefined>;
  /** Notes what a run of this server has learnt. */
  noteRun(report: SyncReport): Promise<void>;
  /** Notes up to which position of the feed this server was told of changes; written with the next heartbeat. */
  noteFeedPosition(position: number | undefined): void;
  /** All that sync, oldest first. */
  list(): Promise<InstanceAnswer[]>;
  /** Takes this server out: the next one does not wait for its heartbeat to end. */
  leave(): Promise<void>;
}

const conditionsSchema = z.object({ putIfAbsent: z.boolean(), putIfMatch: z.boolean(), deleteIfMatch: z.boolean() });

/** A heartbeat may be late, but not by more than this, in ms. */
const FRESH_MS = 2.5 * HEARTBEAT_MS;

const maybeNumber = z.coerce.number().nullish().catch(undefined);

const instanceRow = z.object({
  id: z.number(),
  bootId: z.string(),
  host: z.string(),
  pid: z.number(),
  directory: z.string(),
  directoryId: z.string().nullish(),
  mode: z.enum(['SINGLE', 'MULTI']).nullish().catch(undefined),
  listens: z.boolean().nullish().catch(undefined),
  seenAt: z.coerce.number(),
  lastRunAt: maybeNumber,
  feedPosition: maybeNumber,
  conditions: conditionsSchema.nullish().catch(undefined),
});

type InstanceRow = z.output<typeof instanceRow>;

type SyncingRow = InstanceRow & { directoryId: string };

/** A server that cannot sync yet has nothing but the path. */
type EnteredPlace = Pick<InstancePlace, 'directory'> & Partial<InstancePlace>;

/** Keeps the servers in a table of its own; their signs of life are dated by the database's clock. */
export function createInstances(
  strapi: Core.Strapi,
  self: ProcessIdentity,
  clock: DatabaseClock,
  log: Log,
): InstancesService {
  const instances = () => strapi.db.query(INSTANCE_UID);
  let heartbeat: NodeJS.Timeout | undefined;
  let entered: { id: number; place: EnteredPlace } | undefined;
  let isServer = false;
  let feedPosition: number | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let hasLeft = false;

  /** One after the other: two that enter at once would make two rows, and none is to enter after the leave. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  async function create(place: EnteredPlace): Promise<void> {
    const data = { ...self, ...place, listens: isServer, seenAt: await clock.now() };
    const { id } = z.object({ id: z.number() }).parse(await instances().create({ data }));
    entered = { id, place };
  }

  /** What is entered by now: a stop may come in between. */
  function entryId(): number | undefined {
    return entered?.id;
  }

  async function update(data: object): Promise<void> {
    if (entered === undefined) return;
    const { id, place } = entered;
    const { count } = z
      .object({ count: z.number() })
      .parse(await instances().updateMany({ where: { id }, data: { ...data, seenAt: await clock.now() } }));
    // A server that slept for a while was taken for dead, and its row removed.
    if (count === 0 && entryId() === id) await create(place);
  }

  async function beat(): Promise<void> {
    await update({ listens: isServer, ...(feedPosition === undefined ? {} : { feedPosition }) });
  }

  async function findAll(): Promise<InstanceRow[]> {
    return z.array(instanceRow).parse(await instances().findMany({ orderBy: { id: 'asc' } }));
  }

  /** Host names and process ids are not unique among containers, so a fresh sign of life outweighs them. */
  function lives(row: InstanceRow, now: number): boolean {
    if (now - row.seenAt <= FRESH_MS) return true;
    return isAlive({ ...row, heartbeatAt: new Date(row.seenAt) }, self, now);
  }

  async function forgetDead(): Promise<void> {
    const now = await clock.now();
    const dead = (await findAll()).filter((row) => !lives(row, now));
    if (dead.length > 0) await instances().deleteMany({ where: { id: { $in: dead.map(({ id }) => id) } } });
  }

  async function listens(directory: string): Promise<void> {
    const isNew = !isServer;
    isServer = true;
    if (entered?.place.directoryId === undefined) await enter({ directory });
    if (isNew) await update({ listens: true });
  }

  async function enter(place: EnteredPlace): Promise<void> {
    if (hasLeft) return;
    // A server that begins to sync only now comes after those that do already: the row of who merely listened goes.
    if (entered?.place.directoryId === undefined && place.directoryId !== undefined) await remove();
    if (entered === undefined) {
      await forgetDead();
      await create(place);
    } else if (!samePlace(entered.place, place)) {
      await update(place);
      entered = { id: entered.id, place };
    }
    heartbeat ??= setInterval(() => {
      beat().catch((error: unknown) => {
        log.warn(`This server could not show that it is alive: ${describeError(error)}`);
      });
    }, HEARTBEAT_MS).unref();
  }

  async function remove(): Promise<void> {
    const id = entryId();
    entered = undefined;
    if (id !== undefined) await instances().deleteMany({ where: { id } });
  }

  return {
    enter: (place) => inTurn(() => enter(place)),
    listens: (directory) => inTurn(() => listens(directory)),

    async servers() {
      const now = await clock.now();
      return (await findAll())
        .filter((row) => row.listens !== false && row.bootId !== self.bootId && lives(row, now))
        .map(({ host, pid, directory }) => ({ host, pid, directory }));
    },

    async findOther(directoryId) {
      const mine = entered?.id ?? Number.POSITIVE_INFINITY;
      const now = await clock.now();
      const other = (await findAll()).find(
        (row) =>
          syncs(row) && row.directoryId !== directoryId && (row.id < mine || row.mode === 'MULTI') && lives(row, now),
      );
      return other && { host: other.host, directory: other.directory };
    },

    async noteRun({ multi }) {
      const { conditions, feedPosition: position } = multi ?? {};
      await update({
        lastRunAt: await clock.now(),
        // Once an answer has contradicted them, nothing is known until the store is probed again.
        ...(multi === undefined ? {} : { conditions: conditions ?? null }),
        ...(position === undefined ? {} : { feedPosition: position }),
      });
    },

    noteFeedPosition(position) {
      feedPosition = position;
    },

    async list() {
      const now = await clock.now();
      return (await findAll()).filter(syncs).map((row) => toAnswer(row, lives(row, now), row.bootId === self.bootId));
    },

    leave() {
      hasLeft = true;
      clearInterval(heartbeat);
      return inTurn(remove);
    },
  };
}

function syncs(row: InstanceRow): row is SyncingRow {
  return isGiven(row.directoryId);
}

function samePlace(one: EnteredPlace, other: EnteredPlace): boolean {
  return one.directory === other.directory && one.directoryId === other.directoryId && one.mode === other.mode;
}

function toAnswer(row: SyncingRow, alive: boolean, current: boolean): InstanceAnswer {
  const { host, pid, directory, directoryId, mode, seenAt, lastRunAt, feedPosition, conditions } = row;
  return {
    host,
    pid,
    directory,
    directoryId,
    ...(isGiven(mode) ? { mode } : {}),
    alive,
    current,
    lastSeenAt: new Date(seenAt).toISOString(),
    ...(isGiven(lastRunAt) ? { lastRunAt: new Date(lastRunAt).toISOString() } : {}),
    ...(isGiven(feedPosition) ? { feedPosition } : {}),
    ...(isGiven(conditions) ? { conditions } : {}),
  };
}

function isGiven<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
