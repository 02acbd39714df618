import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PlanStore, type PlanPage, type PlanQuery } from '../plans/PlanStore';
import type { ConflictCode, PlanAnswer, PlanDetailAnswer, Problem, RunAnswer } from '../routes/contract';
import { asSyncError } from '../sync/asSyncError';
import { errorCode } from '../sync/errorCode';
import { openStateDirectory } from '../sync/base/StateDirectory';
import { PlanDigest } from '../sync/PlanDigest';
import type { PlannedOperation } from '../sync/PlannedOperation';
import type { KeyFailure } from '../sync/SyncReport';
import { describeError } from './describeError';
import type { Log } from './log';
import type { RunnerService } from './runner';
import type { SettingsService, SettingsState } from './settings';

/** What came of the wish for a plan. */
export type PlanOutcome =
  | { kind: 'started'; plan: PlanAnswer }
  | { kind: 'busy'; code: ConflictCode; run?: RunAnswer; message: string }
  | { kind: 'problems'; problems: Problem[] };

/** What can be done with a plan. */
export type PlanToApply =
  { kind: 'ready'; digest: string } | { kind: 'missing' } | { kind: 'outdated'; message: string };

/**
 * Plans of whole runs, which a person looks at before they are carried out. They are kept on this server, beside the
 * base, for a day, and never more than three.
 */
export interface PlansService {
  /**
   * Begins to make a plan; resolves as soon as it is sure that it can be made.
   * @param startedBy name of the administrator who asked for it.
   */
  start(startedBy: string | undefined): Promise<PlanOutcome>;
  /** Newest first. */
  list(): Promise<PlanAnswer[]>;
  /** One page of a plan; `undefined` where there is none with this id on this server. */
  get(id: string, query: PlanQuery): Promise<PlanDetailAnswer | undefined>;
  /** Asks for the end of a plan that is being made. Returns false where it is not. */
  cancel(id: string): boolean;
  /** The digest by which a run does exactly this plan. */
  toApply(id: string): Promise<PlanToApply>;
  /** Resolves when no plan is being made, or written. */
  idle(): Promise<void>;
}

/** More are not kept: each holds up to all keys of the site. */
const KEPT = 3;

/** Older plans are out of date for sure, in ms. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** Files that could not be looked at, and are named one by one. */
const NAMED_FAILURES = 100;

const PLAN_ID = /^\d{15}-[0-9a-f]{12}$/;

const NOTHING = { files: 0, bytes: 0 };

const BUSY: PlanOutcome = { kind: 'busy', code: 'PREVIEWING', message: 'A preview is being made already.' };

/** What is written down of a plan beside its operations. */
interface PlanRecord {
  plan: PlanAnswer;
  failures: KeyFailure[];
  /** Of its operations. */
  digest: string;
  /** Of the settings that it was made with. */
  settings: string;
}

/** This service wrote it. */
const recordSchema = z.object({
  plan: z.custom<PlanAnswer>((value) => typeof value === 'object' && value !== null && 'id' in value),
  failures: z.array(z.custom<KeyFailure>((value) => typeof value === 'object' && value !== null)),
  digest: z.string(),
  settings: z.string(),
});

interface Making {
  plan: PlanAnswer;
  controller: AbortController;
  ended: Promise<unknown>;
}

/** Makes the service of one process. */
export function createPlans(settings: SettingsService, runner: RunnerService, log: Log): PlansService {
  let making: Making | undefined;
  /** Plans that were not finished: there is nothing of them on the disk. */
  let unfinished: PlanAnswer[] = [];
  let reading: Promise<unknown> = Promise.resolve();

  async function folderOf(id?: string): Promise<string> {
    const { places } = await settings.read();
    return join(places.stateDirectory, 'plans', id ?? '');
  }

  /** Newest first; those that are not finished too. */
  async function idsOnDisk(): Promise<string[]> {
    const names = await readdir(await folderOf()).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    });
    return names
      .filter((name) => PLAN_ID.test(name))
      .sort()
      .reverse();
  }

  async function readRecord(id: string): Promise<PlanRecord | undefined> {
    if (!PLAN_ID.test(id) || Date.now() - startOf(id) > KEPT_MS) return undefined;
    try {
      return recordSchema.parse(JSON.parse(await readFile(join(await folderOf(id), 'plan.json'), 'utf8')));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') log.warn(`The plan ${id} cannot be read: ${describeError(error)}`);
      return undefined;
    }
  }

  /** Removes what is old, beyond the number, or was never finished. */
  async function purge(keep: number): Promise<void> {
    let kept = 0;
    for (const id of await idsOnDisk()) {
      const isFinished = (await readRecord(id)) !== undefined;
      if (isFinished && kept < keep) kept += 1;
      else await rm(await folderOf(id), { recursive: true, force: true });
    }
  }

  /**
   * Makes the plan and writes it down.
   *
   * @param ready called once it is sure that the plan can be made.
   * @returns why it cannot be made; `undefined` where it could, however it ended.
   */
  async function make(
    plan: PlanAnswer,
    signal: AbortSignal,
    ready: () => void,
  ): Promise<Exclude<PlanOutcome, { kind: 'started' }> | undefined> {
    const digest = new PlanDigest();
    const failures: KeyFailure[] = [];
    let store: PlanStore | undefined;
    let madeWith = '';
    try {
      const outcome = await runner.preview({
        signal,
        async onReady(state) {
          plan.mode = state.settings.mode;
          madeWith = fingerprintOf(state);
          await openStateDirectory(state.places.stateDirectory);
          await purge(KEPT - 1);
          store = await PlanStore.create(await folderOf(plan.id));
          ready();
        },
        onProgress({ seen }) {
          plan.seen = seen;
        },
        async onOperation(operation) {
          digest.add(operation);
          count(plan, operation);
          await store?.add(operation);
        },
        onFailure(failure) {
          plan.failed += 1;
          if (failures.length < NAMED_FAILURES) failures.push(failure);
        },
      });
      if (outcome.kind !== 'planned') return outcome;
      await store?.flush();
      await store?.close();
      store = undefined;
      const { status, refused, error } = outcome.report;
      if (status === 'failed' || status === 'cancelled') {
        end(plan, { status, ...(error === undefined ? {} : { error }) });
        return undefined;
      }
      const ended = { ...plan };
      end(ended, { status: 'ready', ...(refused === undefined ? {} : { refused }) });
      await write({ plan: ended, failures, digest: digest.digest(), settings: madeWith });
      // Only now: who hears that it is ready asks for its operations.
      Object.assign(plan, ended);
    } catch (error) {
      const { code, message, fix } = asSyncError(error);
      log.error(`The plan could not be made: ${describeError(error)}`);
      end(plan, { status: 'failed', error: { code, message, fix } });
    } finally {
      await store?.close();
      if (plan.status !== 'ready') await forget(plan);
    }
    return undefined;
  }

  /** Only how it ended is remembered. */
  async function forget(plan: PlanAnswer): Promise<void> {
    unfinished = [plan, ...unfinished].slice(0, KEPT);
    await rm(await folderOf(plan.id), { recursive: true, force: true }).catch((error: unknown) => {
      log.warn(`A plan that was not finished could not be removed: ${describeError(error)}`);
    });
  }

  /** Whole or not at all: a plan without this file was not finished. */
  async function write(record: PlanRecord): Promise<void> {
    const file = join(await folderOf(record.plan.id), 'plan.json');
    await writeFile(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${file}.new`, file);
  }

  /** One after the other: a store is open once at a time. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = reading.then(work);
    reading = done.catch(() => undefined);
    return done;
  }

  async function find(id: string): Promise<PlanRecord | { plan: PlanAnswer } | undefined> {
    if (making?.plan.id === id && making.plan.status !== 'ready') return { plan: making.plan };
    const plan = unfinished.find((one) => one.id === id);
    return plan === undefined ? readRecord(id) : { plan };
  }

  async function readPage(record: PlanRecord, query: PlanQuery): Promise<PlanPage> {
    const folder = await folderOf(record.plan.id);
    return inTurn(() => PlanStore.read(folder, (store) => store.page(query, knownTotal(record.plan, query))));
  }

  return {
    async start(startedBy) {
      if (making?.plan.status === 'making') return BUSY;
      // One that has ended is put away first.
      await making?.ended;
      if (making !== undefined) return BUSY;
      const plan = emptyPlan(startedBy);
      const controller = new AbortController();
      let ready = (): void => undefined;
      const isReady = new Promise<undefined>((resolve) => {
        ready = () => {
          resolve(undefined);
        };
      });
      const made = make(plan, controller.signal, () => {
        ready();
      }).finally(() => {
        making = undefined;
      });
      making = { plan, controller, ended: made.catch(() => undefined) };
      return (await Promise.race([made, isReady])) ?? { kind: 'started', plan };
    },

    async list() {
      const records = await Promise.all((await idsOnDisk()).map((id) => readRecord(id)));
      const finished = records.flatMap((record) => (record === undefined ? [] : [record.plan]));
      const all = [...(making === undefined ? [] : [making.plan]), ...unfinished, ...finished];
      return [...new Map(all.map((plan) => [plan.id, plan])).values()].sort((one, other) =>
        one.id < other.id ? 1 : -1,
      );
    },

    async get(id, query) {
      const found = await find(id);
      if (found === undefined) return undefined;
      const { page, pageSize } = query;
      const isReady = 'digest' in found;
      const { operations, total } = isReady ? await readPage(found, query) : { operations: [], total: 0 };
      const failures = isReady ? found.failures : [];
      return { plan: found.plan, operations, failures, pagination: { page, pageSize, total } };
    },

    cancel(id) {
      if (making?.plan.id !== id || making.plan.status !== 'making') return false;
      making.controller.abort();
      return true;
    },

    async toApply(id) {
      const found = await find(id);
      if (found === undefined) return { kind: 'missing' };
      if (!('digest' in found)) return { kind: 'outdated', message: 'The preview was not finished. Make a new one.' };
      if (found.settings !== fingerprintOf(await settings.read())) {
        return { kind: 'outdated', message: 'The settings have changed since the preview was made. Make a new one.' };
      }
      return { kind: 'ready', digest: found.digest };
    },

    async idle() {
      await making?.ended;
      await reading;
    },
  };
}

function emptyPlan(startedBy: string | undefined): PlanAnswer {
  const now = Date.now();
  return {
    id: `${now.toString().padStart(15, '0')}-${randomBytes(6).toString('hex')}`,
    status: 'making',
    ...(startedBy === undefined ? {} : { startedBy }),
    startedAt: new Date(now).toISOString(),
    mode: undefined,
    host: hostname(),
    seen: 0,
    failed: 0,
    counts: {
      upload: { ...NOTHING },
      download: { ...NOTHING },
      'delete-remote': { ...NOTHING },
      'delete-local': { ...NOTHING },
      conflict: { ...NOTHING },
    },
  };
}

function end(plan: PlanAnswer, how: Pick<PlanAnswer, 'status' | 'refused' | 'error'>): void {
  Object.assign(plan, how, { endedAt: new Date().toISOString() });
}

function count({ counts }: PlanAnswer, { action, size }: PlannedOperation): void {
  counts[action].files += 1;
  counts[action].bytes += size;
}

/** Milliseconds since the epoch; the id tells when the plan was begun. */
function startOf(id: string): number {
  return Number(id.slice(0, 15));
}

/** Operations that a query without a search has, which were counted when the plan was made. */
function knownTotal({ counts }: PlanAnswer, { action, search, sort }: PlanQuery): number | undefined {
  if (search !== undefined && search !== '') return undefined;
  if (action === undefined) return Object.values(counts).reduce((sum, { files }) => sum + files, 0);
  return sort === 'size' ? undefined : counts[action].files;
}

/** What a plan depends on of the settings: with others it says nothing. */
function fingerprintOf({ settings, places }: SettingsState): string {
  const { bucketName, awsRegion, endpoint, prefix, mode, include, exclude, maxDelete } = settings;
  const parts = [bucketName, awsRegion, endpoint, prefix, mode, include, exclude, maxDelete, places];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
