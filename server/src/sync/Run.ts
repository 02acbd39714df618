import { asSyncError } from './asSyncError';
import type { Base, BaseFacts, Intent, PlannedDelete, RecentDeletes } from './base/Base';
import { checkKey } from './checkKey';
import { Refused, type Claim } from './Claim';
import { DeletePlan } from './DeletePlan';
import { DeletesInMemory } from './DeletesInMemory';
import { FolderWatch } from './FolderWatch';
import { checkGuards } from './guards';
import { closeCutOff, gatherDeleteFacts, recentDeletes, type SeenByWalk } from './gatherDeleteFacts';
import { isEmptied } from './isEmptied';
import { forgetFacts, isOutdated } from './forgetReplaced';
import type { KeySession } from './KeyLocks';
import type { KeyResult, KeyWorker, PerformOptions } from './KeyWorker';
import { Blocked } from './local/Blocked';
import type { Local } from './local/Local';
import type { KeySides } from './mergeSides';
import { plan, type Planned, type PlanInput } from './plan';
import type { RunState } from './RunState';
import { SideTotals } from './SideTotals';
import { SyncError } from './SyncError';
import type { SyncOptions, SyncScope } from './SyncOptions';
import type { Refusal } from './SyncReport';
import { throwIfCancelled } from './throwIfCancelled';
import { createTransferPool, type TransferPool } from './TransferPool';
import { transferWeight } from './transferWeight';

const DELETE_BATCH = 1_000;
/** Files and folders in the way of others that are remembered until the deletes are done. */
const MAX_BLOCKERS = 1_000;
/** The lock of weighing and doing the deletes inferred from absence; no file has this key. */
const INFERRED = '\0inferred deletes';
const SIDES = ['remote', 'local'] as const;
const KEPT = {
  remote: 'This file is not here any more. Its copy in the bucket was kept.',
  local: 'This file is not in the bucket any more. It was kept here.',
};
const NOT_PLANNED = 'Other files than those of the plan would be deleted by now, so nothing was deleted.';
const NOT_PLANNED_FIX = 'Make a new preview.';
const NOT_BY_NAME: PerformOptions = { byName: false };

export interface RunParts {
  options: SyncOptions;
  state: RunState;
  worker: KeyWorker;
  local: Local;
  base: Base;
  /** Kept up to date here as they are written. */
  facts: BaseFacts;
  claim: Claim;
  /** Operations that were begun and never settled. */
  unsettled: ReadonlyMap<string, Intent>;
  /** The run carries out a plan: with its digest of the deletes, none other is done. */
  planned?: { deletes: string | undefined };
  /** Brings the rows that wait to the change feed: the row of a delete must not overtake that of an upload. */
  flushFeed: () => Promise<void>;
}

/** One run over an opened base: transfers as the plan comes in, then the deletes. */
export class Run {
  readonly #parts: RunParts;
  readonly #pool: TransferPool;
  readonly #session: KeySession;
  #deletes: DeletePlan;
  #totals = new SideTotals();
  #unsettled: ReadonlyMap<string, Intent>;
  /** Deletes by name that could not be done: they are no sign of anything, and nothing is inferred of their keys. */
  readonly #leftByName = new Set<string>();
  /** Deletes that wait now, and that a run which was cut off had begun. */
  #again = { remote: 0, local: 0 };
  /** One transfer for each thing that was in its way. */
  readonly #blocked = new Map<string, Blocked>();

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.#unsettled = parts.unsettled;
    this.#pool = createTransferPool(parts.options.concurrency);
    this.#session = parts.base.locks.open();
    this.#deletes = new DeletePlan(parts.base);
  }

  /** @throws {SyncError} where the whole run failed; what became of single keys is noted in the state. */
  async execute(scope: SyncScope): Promise<void> {
    try {
      await this.#execute(scope);
    } finally {
      // However it ended: nothing of it goes on while the next run begins.
      await this.#pool.idle();
      this.#session.end();
    }
  }

  async #execute(scope: SyncScope): Promise<void> {
    const { facts, base, local, state, options } = this.#parts;
    const isForgotten = await isOutdated(this.#parts, scope);
    if (isForgotten && options.beside) throw leftToWholeRun();
    // Before the base is forgotten, and the first file fetched: afterwards nobody can tell.
    if (!facts.emptied && (await isEmptied(base, local, options.filter))) await this.#noteEmptied('directory-emptied');
    if (isForgotten) await this.#forget();
    if (scope.kind === 'keys') await this.#syncKeys(scope);
    else await this.#syncDeleted();
    throwIfCancelled(state.signal);
    if (isForgotten) await this.#syncAll('whole');
    else if (scope.kind !== 'keys') await this.#syncAll(scope.kind);
    // Beside another run, what this directory has seen is for that one to say.
    if (scope.kind === 'keys' && !options.beside) await this.#noteFeedPosition(scope.feedPosition);
  }

  /** Before everything is looked at: what was deleted by name would look merely missing, or like what has yet to come. */
  async #syncDeleted(): Promise<void> {
    const { state, options } = this.#parts;
    const { scope } = options;
    if (scope.kind === 'restore' || scope.deleted === undefined || scope.deleted.length === 0) return;
    await this.#syncKeys({ kind: 'keys', keys: scope.deleted, deleted: scope.deleted }).catch((error: unknown) => {
      if (error instanceof Refused) throw error;
      // The rest is looked at all the same.
      for (const key of scope.deleted ?? []) this.#leftByName.add(key);
      state.failByName(asSyncError(error), '');
    });
  }

  /** Before anything is done: what base says of replaced files is wrong, on both sides. */
  async #forget(): Promise<void> {
    const { facts, base, state } = this.#parts;
    forgetFacts(facts);
    await base.forget(facts);
    this.#unsettled = new Map();
    state.noteForgotten();
  }

  /** Looks at every local file, and at every object or what base says of them. */
  async #syncAll(scope: 'whole' | 'local' | 'restore'): Promise<void> {
    const { state, claim, options } = this.#parts;
    const feedPosition = await options.multi?.feed.position();
    this.#deletes = new DeletePlan(this.#parts.base);
    if (scope === 'whole') await claim.check();
    state.enter('syncing');
    const seen = scope === 'local' ? await this.#transferAll('as-base', scope) : await this.#transferWhole(scope);
    throwIfCancelled(state.signal);
    state.enter('deleting');
    await this.#deletes.leaveOut(new Set([...this.#session.moved, ...this.#leftByName]));
    // What base says of the bucket is no sign that all files came back: it may have been forgotten since.
    if (scope === 'whole' && state.failed === 0 && this.#deletes.count('remote') === 0)
      await this.#noteEmptied(undefined);
    await this.#deleteAll(seen);
    await this.#transferBlocked();
    throwIfCancelled(state.signal);
    state.tellTotals(this.#totals.read());
    if (scope === 'whole') await this.#complete(feedPosition);
  }

  /** Looks at the named keys only. */
  async #syncKeys({ keys, byName, deleted = [], heard }: Extract<SyncScope, { kind: 'keys' }>): Promise<void> {
    const { state, options } = this.#parts;
    const named = (key: string): PerformOptions => ({ byName: byName === undefined || byName.has(key), heard });
    const deletesByName: PlannedDelete[] = [];
    state.enter('syncing');
    this.#deletes = new DeletePlan(new DeletesInMemory());
    const wanted = [...new Set(keys)].filter((key) => options.filter.matches(key));
    await this.#concludeDeletes(deleted.filter((key) => options.filter.matches(key)));
    for (let at = 0; at < wanted.length; at += options.concurrency) {
      throwIfCancelled(state.signal);
      for (const sides of await this.#lookAt(wanted.slice(at, at + options.concurrency))) {
        await this.#startTransfer(sides, named(sides.key), async (planned) => {
          if (named(planned.key).byName) deletesByName.push(planned);
          else await this.#deletes.add(planned);
        });
      }
    }
    await this.#pool.idle();
    throwIfCancelled(state.signal);
    state.enter('deleting');
    // What a person deleted by name depends on no transfer: one file that fails for days must not hold it back.
    for (let at = 0; at < deletesByName.length; at += DELETE_BATCH) {
      const results = await this.#performDeletes(deletesByName.slice(at, at + DELETE_BATCH), { byName: true, heard });
      this.#note(results.filter((result) => !this.#leaveByName(result)));
    }
    await this.#deleteAll(undefined);
    await this.#transferBlocked();
    await this.#transferFreed(wanted);
  }

  /** @returns whether it is a delete by name that failed; it is told then. */
  #leaveByName(result: KeyResult): boolean {
    if (!('error' in result)) return false;
    this.#failByName(result.error, result.key);
    return true;
  }

  #failByName(error: SyncError, key: string): void {
    this.#leftByName.add(key);
    this.#parts.state.failByName(error, key);
  }

  async #concludeDeletes(keys: readonly string[]): Promise<void> {
    const { state, worker } = this.#parts;
    for (const key of new Set(keys)) {
      throwIfCancelled(state.signal);
      await this.#session
        .with([key], async () => worker.concludeDelete?.(key))
        .catch((error: unknown) => {
          this.#failByName(asSyncError(error, key), key);
        });
    }
  }

  /** What was in the way may have been deleted by now: a file that became a folder, or the other way round. */
  async #transferBlocked(): Promise<void> {
    const { state, base } = this.#parts;
    const blocked = [...this.#blocked.values()];
    this.#blocked.clear();
    for (const one of blocked) {
      const left = await this.#transferBehind(one.blocker, one.blockedKey);
      if (left.length === 0) continue;
      // The trace lets a later run go on here, when it has taken the obstacle away.
      await base.begin([one.blockedKey], { action: 'download', at: Date.now() });
      for (const error of left) state.fail(error, error.blockedKey);
    }
  }

  /** Transfers that an earlier run could not do, and that one of these keys was in the way of. */
  async #transferFreed(keys: readonly string[]): Promise<void> {
    for (const [waiting, { action }] of this.#unsettled) {
      if (action !== 'download' || keys.includes(waiting)) continue;
      const file = keys.find((key) => waiting.startsWith(`${key}/`));
      const isFolder = keys.some((key) => key.startsWith(`${waiting}/`));
      if (file === undefined && !isFolder) continue;
      // Where more is in the way it goes on waiting: the other keys are still to come.
      await this.#transferBehind(file ?? waiting, waiting);
    }
  }

  /**
   * Tries what something was in the way of once more.
   * @returns what it is still in the way of; one for all files below.
   */
  async #transferBehind(blocker: string, blockedKey: string): Promise<Blocked[]> {
    const { state, local, options } = this.#parts;
    const left: Blocked[] = [];
    const transfer = async (keys: readonly string[]): Promise<void> => {
      for (let at = 0; at < keys.length; at += options.concurrency) {
        throwIfCancelled(state.signal);
        for (const sides of await this.#lookAt(keys.slice(at, at + options.concurrency))) {
          await this.#startTransfer(
            sides,
            NOT_BY_NAME,
            () => Promise.resolve(),
            (error) => left.push(error),
          );
        }
        await this.#pool.idle();
      }
    };
    if (blocker === blockedKey) {
      await transfer([blockedKey]);
      return left;
    }
    if ((await local.stat(blocker)) !== undefined) return [new Blocked(blockedKey, blocker)];
    const { bucket, filter } = options;
    for await (const page of bucket.listUnordered([`${blocker}/`], state.signal)) {
      await transfer(page.map(({ key }) => key).filter((key) => filter.matches(key) && checkKey(key) === undefined));
    }
    return left;
  }

  /** Looks at a few keys at a time; those that cannot be looked at are noted as failed. */
  async #lookAt(keys: readonly string[]): Promise<KeySides[]> {
    const { state, worker } = this.#parts;
    const looks = keys.map(async (key) => {
      state.see();
      try {
        return await worker.look(key);
      } catch (error) {
        state.fail(asSyncError(error, key), key);
        return undefined;
      }
    });
    return (await Promise.all(looks)).filter((sides) => sides !== undefined);
  }

  async #transferWhole(scope: 'whole' | 'restore'): Promise<SeenByWalk> {
    const { state, base, options } = this.#parts;
    const { bucket, filter } = options;
    try {
      return await this.#transferAll(bucket.list(filter.prefixes, state.signal), scope);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'LISTING_OUT_OF_ORDER') throw error;
      // What was transferred so far was looked at by itself; deletes were only put aside. So: again, sorted.
      state.walkAgain();
      return this.#transferAll(base.sortListing(bucket.listUnordered(filter.prefixes, state.signal)), scope);
    }
  }

  /** Walks and lists, transfers as it goes, and puts the deletes aside. */
  async #transferAll(listing: PlanInput['listing'], scope: SyncScope['kind']): Promise<SeenByWalk> {
    const { options, state, local, base } = this.#parts;
    const { filter } = options;
    const unsettled = this.#unsettled;
    const mode = scope === 'restore' ? 'RESTORE' : options.mode;
    const seen: SeenByWalk = { localFiles: 0, remoteObjects: 0, folders: new FolderWatch() };
    this.#totals = new SideTotals();
    this.#again = { remote: 0, local: 0 };
    await this.#deletes.clear();
    try {
      for await (const batch of plan({ mode, filter, local, listing, base, unsettled, signal: state.signal })) {
        for (const item of batch) {
          throwIfCancelled(state.signal);
          if (item.kind === 'problem') {
            state.failProblem(item);
          } else {
            const taken = this.#take(item, seen);
            if (taken) await taken;
          }
        }
      }
    } finally {
      await this.#pool.idle();
    }
    return seen;
  }

  /** @returns a promise only where there is something to wait for: most files of most runs are unchanged. */
  #take({ sides, decision }: Extract<Planned, { kind: 'key' }>, seen: SeenByWalk): Promise<void> | undefined {
    const { state } = this.#parts;
    const { key, local, remote, unknown } = sides;
    state.see();
    this.#totals.see(sides);
    if (local) seen.localFiles += 1;
    if (remote) seen.remoteObjects += 1;
    seen.folders.see(key, local || unknown ? 'kept' : decision.action === 'delete-remote' ? 'deleted' : 'other');
    switch (decision.action) {
      case 'none':
        if (local) state.note(key, { kind: 'unchanged' });
        return undefined;
      case 'delete-remote':
        return this.#putAside({ key, side: 'remote', size: remote?.size ?? 0 });
      case 'delete-local':
        return this.#putAside({ key, side: 'local', size: local?.size ?? 0 });
      default:
        return this.#startTransfer(sides, NOT_BY_NAME, (planned) => this.#putAside(planned));
    }
  }

  #putAside(planned: PlannedDelete): Promise<void> {
    if (this.#unsettled.get(planned.key)?.action === `delete-${planned.side}`) this.#again[planned.side] += 1;
    return this.#deletes.add(planned);
  }

  async #startTransfer(
    sides: KeySides,
    options: PerformOptions,
    putAside: (planned: PlannedDelete) => Promise<void>,
    onBlocked: (error: Blocked) => void = (error) => {
      this.#noteBlocked(error);
    },
  ): Promise<void> {
    const { state, worker } = this.#parts;
    const { key } = sides;
    const weight = transferWeight(Math.max(sides.local?.size ?? 0, sides.remote?.size ?? 0));
    const transfer = async (): Promise<void> => {
      if (state.signal.aborted) return;
      state.begin(key);
      try {
        const outcome = await this.#session.with([key], async (moved) =>
          // What somebody else has done since is not in what the plan saw.
          worker.perform(moved.has(key) ? await worker.look(key) : sides, options),
        );
        state.note(key, outcome);
        this.#totals.note(sides, outcome);
        if (outcome.kind === 'to-delete') await putAside({ key, side: outcome.side, size: outcome.size });
      } catch (error) {
        if (error instanceof Refused) state.endRefused(error.refusal);
        else if (error instanceof Blocked) onBlocked(error);
        else state.fail(asSyncError(error, key), key);
      }
    };
    await this.#pool.start(weight, transfer);
  }

  #noteBlocked(error: Blocked): void {
    if (this.#blocked.has(error.blocker)) return;
    if (this.#blocked.size < MAX_BLOCKERS) this.#blocked.set(error.blocker, error);
    else this.#parts.state.fail(error, error.blockedKey);
  }

  /** @param seen what the walk saw; `undefined` where there was none, and only `maxDelete` can be asked. */
  async #deleteAll(seen: SeenByWalk | undefined): Promise<void> {
    const { state } = this.#parts;
    if (this.#deletes.count('remote') + this.#deletes.count('local') === 0) return;
    if (state.failed > 0) {
      await this.#withhold(SIDES, ...this.#whyAfterFailures());
      await this.#deletes.clear();
      return;
    }
    // Two runs beside each other would each find room for what both together must not delete.
    const confirmed = await this.#parts.base.locks.with([INFERRED], () => this.#deleteUnlessRefused(seen));
    for (const side of confirmed) await this.#deleteSide(side, true);
    await this.#deletes.clear();
  }

  /** @returns the sides whose deletes a guard would withhold, and a person has confirmed. They may be many: nobody waits. */
  async #deleteUnlessRefused(seen: SeenByWalk | undefined): Promise<readonly PlannedDelete['side'][]> {
    const { options, planned } = this.#parts;
    if (seen) closeCutOff(this.#parts.facts, this.#again);
    const refusals = new Map<PlannedDelete['side'], Omit<Refusal, 'digest'>>();
    for (const side of SIDES) {
      const refusal = checkGuards(
        await gatherDeleteFacts({ ...this.#parts, side, seen, deletes: this.#deletes.count(side) }),
      );
      if (refusal) refusals.set(side, refusal);
    }
    const [first] = refusals.values();
    const digest = first || planned ? await this.#deletes.digest() : undefined;
    if (planned && planned.deletes !== digest) {
      await this.#withhold(SIDES, NOT_PLANNED, NOT_PLANNED_FIX);
      return [];
    }
    const isConfirmed = digest !== undefined && digest === options.confirm;
    if (first && !isConfirmed) {
      const guard = refusals.get('remote')?.guard;
      if (guard === 'directory-emptied' || guard === 'folder-emptied') await this.#noteEmptied(guard);
      const deletes = { remote: this.#deletes.count('remote'), local: this.#deletes.count('local') };
      this.#refuse({ ...first, deletes, ...(digest === undefined ? {} : { digest }) });
      for (const side of SIDES) await this.#withhold([side], KEPT[side], first.fix);
      return [];
    }
    if (isConfirmed) await this.#noteEmptied(undefined);
    for (const side of SIDES) if (!refusals.has(side)) await this.#deleteSide(side, false);
    return SIDES.filter((side) => refusals.has(side));
  }

  async #deleteSide(side: PlannedDelete['side'], isConfirmed: boolean): Promise<void> {
    const { state } = this.#parts;
    for await (const batch of this.#deletes.of(side)) {
      throwIfCancelled(state.signal);
      if (batch.length === 0) continue;
      const deleteBatch = async (options: PerformOptions): Promise<number> => {
        const results = await this.#performDeletes(batch, options);
        this.#countDeleted(batch, results);
        return this.#note(results);
      };
      // Confirmed deletes are not remembered: they were a person's wish, not inferred.
      if (isConfirmed) await deleteBatch(NOT_BY_NAME);
      else await this.#remember(side, deleteBatch);
    }
  }

  #performDeletes(deletes: readonly PlannedDelete[], options: PerformOptions): Promise<KeyResult[]> {
    const { worker, flushFeed } = this.#parts;
    return this.#session.with(keysOf(deletes), async () => {
      await flushFeed();
      return worker.performDeletes(deletes, options);
    });
  }

  #countDeleted(batch: readonly PlannedDelete[], results: readonly KeyResult[]): void {
    const outcomes = new Map(
      results.flatMap((one) => ('outcome' in one ? [[one.key, one.outcome.kind] as const] : [])),
    );
    for (const planned of batch) {
      const kind = outcomes.get(planned.key);
      if (kind === 'deleted-remote' || kind === 'deleted-local') this.#totals.noteDeleted(planned);
      if (kind === 'uploaded' || kind === 'downloaded') this.#totals.noteBroughtBack(planned);
    }
  }

  /** Counts deletes before they are done, since a killed run must not forget them, and afterwards as many as were done. */
  async #remember(
    side: PlannedDelete['side'],
    deleteBatch: (options: PerformOptions) => Promise<number>,
  ): Promise<void> {
    const { facts, base } = this.#parts;
    const record: RecentDeletes = { at: Date.now(), count: 0, side, open: true };
    facts.deletes = [...recentDeletes(facts), record];
    const onBegun = async (count: number): Promise<void> => {
      record.count += count;
      await base.setFacts(facts);
    };
    // Where a request failed, some may have been deleted: then it stays open.
    record.count = await deleteBatch({ ...NOT_BY_NAME, onBegun });
    delete record.open;
    facts.deletes = facts.deletes.filter(({ count }) => count > 0);
    await base.setFacts(facts);
  }

  /** @returns how many of the deletes were done. */
  #note(results: readonly KeyResult[]): number {
    const { state } = this.#parts;
    let deleted = 0;
    for (const result of results) {
      if ('error' in result) {
        state.fail(result.error, result.key);
        continue;
      }
      state.note(result.key, result.outcome);
      if (result.outcome.kind === 'deleted-remote' || result.outcome.kind === 'deleted-local') deleted += 1;
    }
    return deleted;
  }

  /** The file that failed may be the deleted one under a new name (aws-cli#1417, aws-cli#4809). */
  #whyAfterFailures(): [message: string, fix: string] {
    const { failed } = this.#parts.state;
    const files = failed === 1 ? 'A file' : `${failed} files`;
    return [`${files} failed in this run, so nothing was deleted.`, 'Repair what failed, then sync again.'];
  }

  #refuse(refusal: Refusal): void {
    const outdated =
      this.#parts.options.confirm === undefined
        ? ''
        : ' The deletes are no longer those that were confirmed: look at the list again.';
    this.#parts.state.refuse({ ...refusal, message: `${refusal.message}${outdated}` });
  }

  async #withhold(sides: readonly PlannedDelete['side'][], message: string, fix: string): Promise<void> {
    for (const side of sides) {
      for await (const batch of this.#deletes.of(side)) this.#parts.state.withhold(keysOf(batch), message, fix);
    }
  }

  async #noteEmptied(emptied: BaseFacts['emptied']): Promise<void> {
    const { facts, base } = this.#parts;
    if (facts.emptied === emptied) return;
    facts.emptied = emptied;
    await base.setFacts(facts);
  }

  /** Whether nothing failed that could be synced, and nothing was withheld by a guard. */
  get #didAll(): boolean {
    const { state } = this.#parts;
    return state.failed === 0 && this.#leftByName.size === 0 && !state.refused;
  }

  /** @param feedPosition where the feed stood when this reconcile began. */
  async #complete(feedPosition: number | undefined): Promise<void> {
    const { facts, base, options } = this.#parts;
    facts.reconciled = true;
    // Deletes that were withheld for a failure were not asked of the guards: the next run asks as the first one.
    if (this.#didAll && !facts.trustedModes.includes(options.mode)) {
      facts.trustedModes = [...facts.trustedModes, options.mode];
      delete facts.replaced;
    }
    // A delete that was withheld may rest on nothing but the intent.
    if (this.#didAll) await this.#forgetLooseIntents(this.#unsettled);
    await base.setFacts(facts);
    await this.#noteFeedPosition(feedPosition);
  }

  async #noteFeedPosition(position: number | undefined): Promise<void> {
    const { facts, base } = this.#parts;
    if (position === undefined || !this.#didAll || position <= (facts.feedPosition ?? -1)) return;
    facts.feedPosition = position;
    await base.setFacts(facts);
    await base.forgetHeard(position);
  }

  /** A key that was begun, and of which nothing is left on any side, came by nowhere in this run. */
  async #forgetLooseIntents(unsettled: ReadonlyMap<string, Intent>): Promise<void> {
    const { base } = this.#parts;
    const still = [...(await base.unsettled()).keys()].filter((key) => unsettled.has(key));
    await this.#session.with(still, async (moved) => {
      const loose: string[] = [];
      for (const key of still) if (!moved.has(key) && (await base.get(key)) === undefined) loose.push(key);
      await base.forgetIntents(loose);
    });
  }
}

/** To forget the base under a run that goes on would take away what that one rests on. */
function leftToWholeRun(): SyncError {
  return new SyncError('BASE_LOCKED', {
    message: 'Most files here were replaced at once, and another run is going on.',
    fix: 'Nothing to do: it is looked at when that run has ended.',
  });
}

function keysOf(deletes: readonly PlannedDelete[]): string[] {
  return deletes.map(({ key }) => key);
}
