import type { Base, BaseFacts, Intent } from './base/Base';
import { openBase } from './base/LevelBase';
import { openStateDirectory } from './base/StateDirectory';
import { abortKilledUploads } from './abortKilledUploads';
import { asSyncError } from './asSyncError';
import { Claim, Refused } from './Claim';
import { ConditionalWrites } from './bucket/ConditionalWrites';
import { probeConditions, type WriteConditions } from './bucket/probeConditions';
import type { KeyWorker } from './KeyWorker';
import { Leftovers } from './local/Leftovers';
import { LocalDirectory } from './local/LocalDirectory';
import { LocalWriter } from './local/LocalWriter';
import { Trash } from './local/Trash';
import { MultiWorker } from './MultiWorker';
import { Outbox } from './Outbox';
import { PlanDigest } from './PlanDigest';
import { Preview, type OnOperation } from './Preview';
import { RestoreWorker } from './RestoreWorker';
import { Run } from './Run';
import { RunState } from './RunState';
import { SingleWorker } from './SingleWorker';
import { SyncError } from './SyncError';
import type { MultiModeOptions, SyncOptions, SyncScope } from './SyncOptions';
import type { SyncReport } from './SyncReport';

const SETTLE_MS = 1_000;

/** What is taken for granted of a store that was not probed yet. */
const NO_CONDITIONS: WriteConditions = { putIfAbsent: false, putIfMatch: false, deleteIfMatch: false };

/** Milliseconds between two looks at the rows that wait for the change feed while a run goes on. */
const FLUSH_MS = 1_000;

/**
 * Brings the directory and the bucket in step once. Transfers come first, deletes last, and deletes only where the
 * guards let them pass.
 *
 * Never rejects: whatever happens is in the report.
 */
export function sync(options: SyncOptions): Promise<SyncReport> {
  return report(options, async (state, opened) => {
    const outbox = options.multi && new Outbox(opened.base, options.multi.feed, opened.directoryId);
    if (options.mode === 'MULTI') {
      await outbox?.flush();
      await prepareMulti(options, state, opened);
    }
    if (!options.beside && opened.scope.kind !== 'restore') {
      const { bucket } = options;
      const beforeWrite = (): Promise<void> => opened.claim.check();
      await abortKilledUploads({ ...opened, bucket, signal: state.signal, beforeWrite });
    }
    const endFlushing = outbox?.flushEvery(FLUSH_MS);
    try {
      const planned = await requirePlan(options, state, opened);
      const worker = makeWorker(options, state, opened);
      const flushFeed = async (): Promise<void> => outbox?.flush();
      await new Run({ options, state, worker, ...opened, ...(planned && { planned }), flushFeed }).execute(
        opened.scope,
      );
      await opened.leftovers.remove().catch((error: unknown) => {
        const failure = asSyncError(error);
        state.fail(failure, failure.key ?? '');
      });
    } finally {
      await endFlushing?.();
    }
    await outbox?.flush();
  });
}

/**
 * Says what a whole run would do, and writes nothing on either side.
 *
 * Never rejects: how it ended is in the report. `refused` in it names the guard that would withhold the deletes.
 *
 * @param onOperation called for each operation, only once the whole plan is made; transfers come first.
 */
export function previewSync(options: SyncOptions, onOperation: OnOperation): Promise<SyncReport> {
  return report(options, async (state, opened) => {
    const looking = onlyLooking(opened);
    const worker = makeWorker(options, state, looking);
    await new Preview({ options, state, worker, ...looking }, onOperation).make();
  });
}

async function report(
  options: SyncOptions,
  work: (state: RunState, opened: Opened) => Promise<void>,
): Promise<SyncReport> {
  const state = new RunState(options);
  try {
    await withBase(options, state, work);
  } catch (error) {
    endWith(state, asSyncError(error));
  }
  return state.finish();
}

function endWith(state: RunState, error: SyncError): void {
  if (error instanceof Refused) {
    state.endRefused(error.refusal);
  } else if (error.code === 'DIRECTORY_MISSING') {
    state.endRefused({ guard: 'directory-missing', count: 0, limit: 0, message: error.message, fix: error.fix });
  } else {
    state.end(error);
  }
}

/** What a run has at hand once the directory is its own. */
interface Opened {
  /** Absolute path of the state directory. */
  path: string;
  scope: SyncScope;
  local: LocalDirectory;
  base: Base;
  facts: BaseFacts;
  claim: Claim;
  unsettled: ReadonlyMap<string, Intent>;
  /** Temporary files that a walk came by. */
  leftovers: Leftovers;
  directoryId: string;
}

async function withBase(
  options: SyncOptions,
  state: RunState,
  work: (state: RunState, opened: Opened) => Promise<void>,
): Promise<void> {
  const { path, directoryId } = await openStateDirectory(options.stateDirectory);
  const base = await (options.openBase ?? openBase)({
    stateDirectory: path,
    identity: options.bucket.identity,
    filter: options.filter.options,
  });
  try {
    if (!options.beside) await options.onLocked?.(directoryId);
    const facts = await base.facts();
    state.tell(facts);
    const isWhole = !facts.reconciled && options.scope.kind !== 'restore' && !options.beside;
    const scope: SyncScope = isWhole ? { kind: 'whole' } : options.scope;
    const claim = new Claim({ ...options, scope }, directoryId, base, facts, state.signal);
    const leftovers = new Leftovers();
    const local = new LocalDirectory(options.directory, leftovers.note);
    const unsettled = await base.unsettled();
    await work(state, { path, scope, local, base, facts, claim, unsettled, leftovers, directoryId });
  } finally {
    await base.close();
  }
}

/** Cleans the trash, and finds out once what the store honours. */
async function prepareMulti(options: SyncOptions, state: RunState, opened: Opened): Promise<void> {
  const { base, facts, claim, path, scope } = opened;
  if (options.beside) return;
  await new Trash(path).purge(requireMulti(options).trashDays);
  if (facts.conditions || scope.kind === 'restore') return;
  await claim.check();
  facts.conditions = await probeConditions(options.bucket, state.signal);
  await base.setFacts(facts);
}

/**
 * Makes the plan once more, where the run is to carry out one that a person looked at.
 *
 * @returns what of it the run still has to look at; `undefined` where there is no plan.
 * @throws {SyncError} `PLAN_OUTDATED` where it is another one by now; what making it throws.
 */
async function requirePlan(
  options: SyncOptions,
  state: RunState,
  opened: Opened,
): Promise<{ deletes: string | undefined } | undefined> {
  if (options.plan === undefined) return undefined;
  const looking = new RunState({
    ...options,
    signal: state.signal,
    onFailure: undefined,
    onProgress: options.onProgress && ((progress) => options.onProgress?.({ ...progress, phase: 'checking' })),
  });
  const copy = onlyLooking(opened);
  const parts = { options, state: looking, worker: makeWorker(options, looking, copy), ...copy };
  const digest = new PlanDigest();
  const deletes = await new Preview(parts, (operation) => {
    digest.add(operation);
  })
    .make()
    .catch((error: unknown) => {
      const { error: reason } = looking.finish();
      throw reason ? new SyncError(reason.code, reason) : error;
    });
  if (digest.digest() === options.plan) return { deletes };
  throw new SyncError('PLAN_OUTDATED', {
    message: 'Files have changed since the plan was made, so it is out of date. Nothing was done.',
    fix: 'Make a new preview, and look at it.',
  });
}

/** What a plan finds of the facts is for a run to find, and to write down. */
function onlyLooking(opened: Opened): Opened {
  return { ...opened, facts: { ...opened.facts } };
}

function makeWorker(options: SyncOptions, state: RunState, opened: Opened): KeyWorker {
  const { bucket, referenced, concurrency } = options;
  const { path, scope, local, base, facts, claim, directoryId } = opened;
  const common = {
    local,
    bucket,
    base,
    referenced,
    signal: state.signal,
    settleMs: options.settleMs ?? SETTLE_MS,
    beforeWrite: () => claim.check(),
    onBytes: (bytes: number) => {
      state.addBytes(bytes);
    },
  };
  const writer = new LocalWriter(local, new Trash(path));
  if (scope.kind === 'restore') return new RestoreWorker({ ...common, writer });
  if (options.mode === 'SINGLE') return new SingleWorker(common);
  return new MultiWorker({
    ...common,
    writer,
    writes: new ConditionalWrites(bucket, facts.conditions ?? NO_CONDITIONS, async () => {
      delete facts.conditions;
      await base.setFacts(facts);
    }),
    feed: requireMulti(options).feed,
    seen: {
      // A run that forgets the base has seen nothing any more.
      get position() {
        return facts.feedPosition;
      },
      directoryId,
    },
    concurrency,
  });
}

function requireMulti({ multi }: SyncOptions): MultiModeOptions {
  if (multi) return multi;
  throw new SyncError('SETTINGS_INVALID', {
    message: 'The mode MULTI needs a change feed, and there is none.',
    fix: 'Use the mode SINGLE, with one server.',
  });
}
