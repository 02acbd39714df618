import { asSyncError } from './asSyncError';
import { isEmptied } from './isEmptied';
import type { Base, BaseFacts, Intent, PlannedDelete } from './base/Base';
import type { Claim } from './Claim';
import type { Decision } from './decide';
import { DeletePlan } from './DeletePlan';
import { forgetFacts, isOutdated } from './forgetReplaced';
import { FolderWatch } from './FolderWatch';
import { gatherDeleteFacts, type SeenByWalk } from './gatherDeleteFacts';
import { checkGuards } from './guards';
import type { KeyWorker } from './KeyWorker';
import type { Local } from './local/Local';
import type { KeySides } from './mergeSides';
import { OperationList } from './OperationList';
import { plan, type Planned, type PlanInput } from './plan';
import { causeOfRow, describeCause, type PlanCause } from './planCause';
import type { PlannedAction, PlannedOperation } from './PlannedOperation';
import type { RunState } from './RunState';
import { SyncError } from './SyncError';
import type { SyncOptions } from './SyncOptions';
import { throwIfCancelled } from './throwIfCancelled';
import { createTransferPool, type TransferPool } from './TransferPool';
import { transferWeight } from './transferWeight';

const SIDES = ['remote', 'local'] as const;

const NOTHING_KNOWN: PlanInput['base'] = {
  async *entries() {
    // Nothing.
  },
};

/** Gets one operation after the other: transfers first, each kind ascending by key. The next one waits for its end. */
export type OnOperation = (operation: PlannedOperation) => void | Promise<void>;

export interface PreviewParts {
  options: SyncOptions;
  state: RunState;
  worker: KeyWorker;
  local: Local;
  base: Base;
  facts: BaseFacts;
  claim: Claim;
  unsettled: ReadonlyMap<string, Intent>;
}

/** Looks at everything a run would look at, and says what it would do. Writes nothing, on either side. */
export class Preview {
  readonly #parts: PreviewParts;
  readonly #pool: TransferPool;
  readonly #deletes: DeletePlan;
  readonly #transfers: OperationList;
  readonly #onOperation: OnOperation;
  /** What base would say, were the run done now. */
  #known: Pick<PlanInput, 'base' | 'unsettled'>;

  constructor(parts: PreviewParts, onOperation: OnOperation) {
    this.#parts = parts;
    this.#pool = createTransferPool(parts.options.concurrency);
    this.#deletes = new DeletePlan(parts.base);
    this.#transfers = new OperationList(parts.base);
    this.#onOperation = onOperation;
    this.#known = { base: parts.base, unsettled: parts.unsettled };
  }

  /**
   * @returns the digest of the deletes that wait; `undefined` where there are none.
   * @throws {SyncError} where the plan could not be made; what is wrong with single keys is noted in the state.
   */
  async make(): Promise<string | undefined> {
    const { state, claim, facts, base, local, options } = this.#parts;
    await claim.look();
    const isForgotten = await isOutdated(this.#parts, { kind: 'whole' });
    if (!facts.emptied && (await isEmptied(base, local, options.filter))) facts.emptied = 'directory-emptied';
    if (isForgotten) {
      forgetFacts(facts);
      this.#known = { base: NOTHING_KNOWN, unsettled: new Map() };
    }
    state.enter('syncing');
    const seen = await this.#planListed();
    throwIfCancelled(state.signal);
    for await (const batch of this.#transfers.all()) await this.#tell(batch);
    const digest = await this.#planDeletes(seen);
    await this.#transfers.clear();
    await this.#deletes.clear();
    return digest;
  }

  async #tell(operations: readonly PlannedOperation[]): Promise<void> {
    for (const operation of operations) await this.#onOperation(operation);
  }

  async #planListed(): Promise<SeenByWalk> {
    const { state, base, options } = this.#parts;
    const { bucket, filter } = options;
    try {
      return await this.#planAll(bucket.list(filter.prefixes, state.signal));
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'LISTING_OUT_OF_ORDER') throw error;
      return this.#planAll(base.sortListing(bucket.listUnordered(filter.prefixes, state.signal)));
    }
  }

  async #planAll(listing: PlanInput['listing']): Promise<SeenByWalk> {
    const { options, state, local } = this.#parts;
    const { mode, filter } = options;
    const seen: SeenByWalk = { localFiles: 0, remoteObjects: 0, folders: new FolderWatch() };
    await this.#transfers.clear();
    await this.#deletes.clear();
    try {
      for await (const batch of plan({ mode, filter, local, listing, signal: state.signal, ...this.#known })) {
        for (const item of batch) {
          throwIfCancelled(state.signal);
          if (item.kind === 'problem') state.failProblem(item);
          else await this.#see(item, seen);
        }
      }
    } finally {
      await this.#pool.idle();
    }
    return seen;
  }

  async #see({ sides, decision }: Extract<Planned, { kind: 'key' }>, seen: SeenByWalk): Promise<void> {
    this.#parts.state.see();
    if (sides.local) seen.localFiles += 1;
    if (sides.remote) seen.remoteObjects += 1;
    const isKept = sides.local !== undefined || sides.unknown;
    seen.folders.see(sides.key, isKept ? 'kept' : decision.action === 'delete-remote' ? 'deleted' : 'other');
    await this.#take(sides, decision);
  }

  async #take(sides: KeySides, first: Decision): Promise<void> {
    const { state, worker } = this.#parts;
    if (first.action === 'none' || first.action === 'drop-base' || first.action === 'adopt') return;
    if (first.action === 'delete-remote') {
      await this.#note(sides, first);
      return;
    }
    const weight = transferWeight(Math.max(sides.local?.size ?? 0, sides.remote?.size ?? 0));
    await this.#pool.start(weight, async () => {
      if (state.signal.aborted) return;
      state.begin(sides.key);
      try {
        await this.#note(sides, await worker.preview(sides));
      } catch (error) {
        state.fail(asSyncError(error, sides.key), sides.key);
      }
    });
  }

  async #note(sides: KeySides, decision: Decision): Promise<void> {
    const { key, local, remote } = sides;
    const cause = causeOfRow(decision.row);
    switch (decision.action) {
      case 'upload':
        await this.#transfers.add(operation(key, 'upload', cause, local?.size ?? 0));
        return;
      case 'download':
        await this.#transfers.add(operation(key, 'download', cause, remote?.size ?? 0));
        return;
      case 'conflict':
        await this.#transfers.add(operation(key, 'conflict', cause, Math.max(local?.size ?? 0, remote?.size ?? 0)));
        return;
      case 'delete-remote':
        await this.#deletes.add({ key, side: 'remote', size: remote?.size ?? 0 });
        return;
      case 'delete-local':
        await this.#deletes.add({ key, side: 'local', size: local?.size ?? 0 });
        return;
      case 'none':
      case 'adopt':
      case 'compare':
      case 'drop-base':
    }
  }

  /** With a failure a run deletes nothing at all, so neither does its plan. */
  async #planDeletes(seen: SeenByWalk): Promise<string | undefined> {
    const { state } = this.#parts;
    const total = this.#deletes.count('remote') + this.#deletes.count('local');
    if (state.failed > 0 || total === 0) return undefined;
    const digest = await this.#deletes.digest();
    for (const side of SIDES) {
      const deletes = this.#deletes.count(side);
      const refusal = checkGuards(await gatherDeleteFacts({ ...this.#parts, side, seen, deletes }));
      if (!refusal || state.refused) continue;
      const all = { remote: this.#deletes.count('remote'), local: this.#deletes.count('local') };
      state.refuse({ ...refusal, deletes: all, digest });
    }
    for (const side of SIDES) {
      for await (const batch of this.#deletes.of(side)) await this.#tellDeletes(side, batch);
    }
    return digest;
  }

  /** What the Media Library still names is not deleted: SINGLE withholds it, MULTI brings it back. */
  async #tellDeletes(side: PlannedDelete['side'], batch: readonly PlannedDelete[]): Promise<void> {
    const { options } = this.#parts;
    const named = await options.referenced(batch.map(({ key }) => key));
    const cause = side === 'remote' ? 'not-here-any-more' : 'not-in-bucket-any-more';
    for (const { key, size } of batch) {
      if (!named.has(key)) await this.#onOperation(operation(key, `delete-${side}`, cause, size));
      else if (options.mode === 'MULTI') await this.#onOperation(rescue(key, side, size));
    }
  }
}

function rescue(key: string, side: PlannedDelete['side'], size: number): PlannedOperation {
  return side === 'remote'
    ? operation(key, 'download', 'still-named', size)
    : operation(key, 'upload', 'gone-and-named', size);
}

function operation(key: string, action: PlannedAction, cause: PlanCause, size: number): PlannedOperation {
  return { key, action, cause, reason: describeCause(cause), size };
}
