import { createHash } from 'node:crypto';
import type { Base, BaseFacts } from './base/Base';
import { openBase } from './base/LevelBase';
import { openStateDirectory } from './base/StateDirectory';
import type { RemoteObject } from './bucket/Bucket';
import { Claim, Refused } from './Claim';
import { asSyncError, Executor, type TransferInput } from './Executor';
import { FolderWatch } from './FolderWatch';
import { checkGuards, type DeleteFacts } from './guards';
import { LocalDirectory } from './local/LocalDirectory';
import { plan } from './plan';
import { RunState } from './RunState';
import { SyncError } from './SyncError';
import type { SyncOptions, SyncScope } from './SyncOptions';
import type { Refusal, SyncReport } from './SyncReport';
import { throwIfCancelled } from './throwIfCancelled';
import { TransferPool } from './TransferPool';

const MAX_BYTES_IN_FLIGHT = 32 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;
const DELETE_BATCH = 1_000;
const SETTLE_MS = 1_000;

/**
 * Brings the directory and the bucket in step once. Transfers come first, deletes last, and deletes only where the
 * guards let them pass.
 *
 * Never rejects: whatever happens is in the report.
 */
export async function sync(options: SyncOptions): Promise<SyncReport> {
  const state = new RunState(options);
  try {
    if (options.mode === 'MULTI') throw notYet();
    await runOnce(options, state);
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

async function runOnce(options: SyncOptions, state: RunState): Promise<void> {
  const { path, directoryId } = await openStateDirectory(options.stateDirectory);
  const base = await openBase({
    stateDirectory: path,
    identity: options.bucket.identity,
    filter: options.filter.options,
  });
  try {
    await options.onLocked?.(directoryId);
    const facts = await base.facts();
    const scope: SyncScope = facts.reconciled ? options.scope : { kind: 'whole' };
    const claim = new Claim(options, directoryId, base, facts, state.signal);
    const run = new Run(options, state, base, facts, claim);
    if (scope.kind === 'keys') await run.syncKeys(scope.keys);
    else await run.syncAll(scope.kind);
  } finally {
    await base.close();
  }
}

/** One run over an opened base. */
class Run {
  readonly #options: SyncOptions;
  readonly #state: RunState;
  readonly #base: Base;
  readonly #facts: BaseFacts;
  readonly #claim: Claim;
  readonly #local: LocalDirectory;
  readonly #executor: Executor;
  readonly #pool: TransferPool;

  constructor(options: SyncOptions, state: RunState, base: Base, facts: BaseFacts, claim: Claim) {
    this.#options = options;
    this.#state = state;
    this.#base = base;
    this.#facts = facts;
    this.#claim = claim;
    this.#local = new LocalDirectory(options.directory);
    this.#pool = new TransferPool(options.concurrency, MAX_BYTES_IN_FLIGHT);
    this.#executor = new Executor({
      mode: options.mode,
      local: this.#local,
      bucket: options.bucket,
      base,
      signal: state.signal,
      settleMs: options.settleMs ?? SETTLE_MS,
      beforeWrite: () => claim.check(),
      onBytes: (bytes) => {
        state.addBytes(bytes);
      },
    });
  }

  /** Looks at every local file, and at every object or what base says of them. */
  async syncAll(scope: 'whole' | 'local'): Promise<void> {
    const { signal } = this.#state;
    if (scope === 'whole') await this.#claim.check();
    this.#state.enter('syncing');
    const facts = scope === 'whole' ? await this.#transferWhole() : await this.#transferAll(this.#listingOfBase());
    throwIfCancelled(signal);
    await this.#deleteAll(facts);
    throwIfCancelled(signal);
    if (scope === 'whole') await this.#complete();
  }

  /** Looks at the named keys only. */
  async syncKeys(keys: readonly string[]): Promise<void> {
    this.#state.enter('syncing');
    const deletes: { key: string; size: number }[] = [];
    for (const key of keys) {
      throwIfCancelled(this.#state.signal);
      if (!this.#options.filter.matches(key)) continue;
      this.#state.see();
      try {
        const local = await this.#local.stat(key);
        const base = await this.#base.get(key);
        // What base knows stands for the bucket: nobody else writes there in this mode.
        const remote = base && { size: base.fingerprint.size, etag: base.etag };
        if (local) await this.#startTransfer({ key, remote, base, settled: true }, local.size);
        else deletes.push({ key, size: base?.fingerprint.size ?? 0 });
      } catch (error) {
        this.#state.fail(asSyncError(error, key), key);
      }
    }
    await this.#pool.idle();
    throwIfCancelled(this.#state.signal);
    this.#state.enter('deleting');
    if (this.#state.failed > 0) {
      this.#state.withhold(
        deletes.map(({ key }) => key),
        ...this.#whyAfterFailures(),
      );
      return;
    }
    for (let at = 0; at < deletes.length; at += DELETE_BATCH) {
      await this.#deleteBatch(deletes.slice(at, at + DELETE_BATCH));
    }
  }

  async #transferWhole(): Promise<DeleteFacts> {
    const { bucket, filter } = this.#options;
    const { signal } = this.#state;
    try {
      return await this.#transferAll(bucket.list(filter.prefixes, signal));
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'LISTING_OUT_OF_ORDER') throw error;
      // Uploads made so far were right or needless; deletes were only put aside. So: again, sorted (rclone#9002).
      return this.#transferAll(this.#base.sortListing(bucket.listUnordered(filter.prefixes, signal)));
    }
  }

  /** What base says of the bucket, in the form of a listing. */
  async *#listingOfBase(): AsyncIterable<RemoteObject[]> {
    for await (const rows of this.#base.entries()) {
      yield rows.map(({ key, entry }) => ({ key, size: entry.fingerprint.size, etag: entry.etag, lastModifiedMs: 0 }));
    }
  }

  /** Walks and lists, transfers as it goes, and puts the deletes aside. */
  async #transferAll(listing: AsyncIterable<RemoteObject[]>): Promise<DeleteFacts> {
    const { mode, filter, maxDelete } = this.#options;
    const unsettled = await this.#base.unsettled();
    const folders = new FolderWatch();
    let localFiles = 0;
    let remoteObjects = 0;
    let deletes = 0;
    let batch: { key: string; size: number }[] = [];
    const putAside = async (): Promise<void> => {
      await this.#base.planDeletes(batch);
      batch = [];
    };

    await this.#base.clearPlannedDeletes();
    try {
      const planned = plan({
        mode,
        filter,
        local: this.#local,
        listing,
        base: this.#base,
        unsettled,
        signal: this.#state.signal,
      });
      for await (const item of planned) {
        throwIfCancelled(this.#state.signal);
        if (item.kind === 'problem') {
          this.#state.fail(item.failure, item.failure.key ?? '');
          continue;
        }
        const { sides, decision } = item;
        const { key, local, remote, base } = sides;
        this.#state.see();
        if (local) localFiles += 1;
        if (remote) remoteObjects += 1;
        folders.see(key, local || sides.unknown ? 'kept' : decision.action === 'delete-remote' ? 'deleted' : 'other');
        switch (decision.action) {
          case 'none':
            if (local) this.#state.count('unchanged');
            break;
          case 'drop-base':
            await this.#executor.dropBase(key);
            break;
          case 'delete-remote':
            deletes += 1;
            batch.push({ key, size: remote?.size ?? 0 });
            if (batch.length === DELETE_BATCH) await putAside();
            break;
          default:
            await this.#startTransfer({ key, remote, base, settled: false }, local?.size ?? 0);
        }
      }
      await putAside();
    } finally {
      await this.#pool.idle();
    }
    const emptiedFolder = folders.emptied();
    return {
      localFiles,
      remoteObjects,
      deletes,
      recentDeletes: recentDeletes(this.#facts),
      firstRun: !this.#facts.trustedModes.includes(mode),
      maxDelete,
      ...(emptiedFolder ? { emptiedFolder } : {}),
    };
  }

  async #startTransfer(input: TransferInput, size: number): Promise<void> {
    await this.#pool.start(Executor.weightOf(size), async () => {
      if (this.#state.signal.aborted) return;
      this.#state.begin(input.key);
      try {
        const outcome = await this.#executor.transfer(input);
        if (outcome === 'uploaded') this.#state.count('uploaded');
        else if (outcome !== 'vanished') this.#state.count('unchanged');
      } catch (error) {
        if (error instanceof Refused) this.#state.endRefused(error.refusal);
        else this.#state.fail(asSyncError(error, input.key), input.key);
      }
    });
  }

  async #deleteAll(facts: DeleteFacts): Promise<void> {
    this.#state.enter('deleting');
    if (facts.deletes === 0) return;
    if (this.#state.failed > 0) {
      await this.#withholdAll(...this.#whyAfterFailures());
      return;
    }
    const refusal = checkGuards(facts);
    if (refusal) {
      const digest = await this.#digestOfDeletes();
      if (digest !== this.#options.confirm) {
        this.#refuse({ ...refusal, digest });
        await this.#withholdAll('This file is not here any more. Its copy in the bucket was kept.', refusal.fix);
        return;
      }
    }
    for await (const batch of this.#base.plannedDeletes()) {
      throwIfCancelled(this.#state.signal);
      const done = await this.#deleteBatch(batch);
      if (!refusal) await this.#remember(done);
    }
    await this.#base.clearPlannedDeletes();
  }

  /** The file that failed may be the deleted one under a new name (aws-cli#1417, aws-cli#4809). */
  #whyAfterFailures(): [message: string, fix: string] {
    const { failed } = this.#state;
    const files = failed === 1 ? 'A file' : `${failed} files`;
    return [`${files} failed in this run, so nothing was deleted.`, 'Repair what failed, then sync again.'];
  }

  #refuse(refusal: Refusal): void {
    const outdated =
      this.#options.confirm === undefined
        ? ''
        : ' The deletes are no longer those that were confirmed: look at the list again.';
    this.#state.refuse({ ...refusal, message: `${refusal.message}${outdated}` });
  }

  /** @returns how many objects were deleted. */
  async #deleteBatch(batch: readonly { key: string; size: number }[]): Promise<number> {
    const named = await this.#options.referenced(batch.map(({ key }) => key));
    this.#state.withhold(
      batch.map(({ key }) => key).filter((key) => named.has(key)),
      'The Media Library still names this file, but it is missing here. Its copy in the bucket was kept.',
      'Bring the file back from the bucket, or delete its entry in the Media Library.',
    );
    const deletable = batch.filter(({ key }) => !named.has(key));
    if (deletable.length === 0) return 0;
    const { deleted, failures } = await this.#executor.deleteRemote(deletable);
    this.#state.count('deletedRemote', deleted.length);
    for (const failure of failures) this.#state.fail(failure, failure.key ?? '');
    return deleted.length;
  }

  async #withholdAll(message: string, fix: string): Promise<void> {
    for await (const batch of this.#base.plannedDeletes()) {
      this.#state.withhold(
        batch.map(({ key }) => key),
        message,
        fix,
      );
    }
    await this.#base.clearPlannedDeletes();
  }

  /** One value for exactly these keys, so that a person confirms what they saw and nothing else. */
  async #digestOfDeletes(): Promise<string> {
    const hash = createHash('sha256');
    for await (const batch of this.#base.plannedDeletes()) for (const { key } of batch) hash.update(`${key}\0`);
    return hash.digest('hex');
  }

  /** Confirmed deletes are not remembered: they were a person's wish, not inferred. */
  async #remember(count: number): Promise<void> {
    this.#facts.deletes = [...this.#facts.deletes.filter(isRecent), { at: Date.now(), count }];
    await this.#base.setFacts(this.#facts);
  }

  async #complete(): Promise<void> {
    const { mode } = this.#options;
    const { trustedModes } = this.#facts;
    const trusts = !this.#state.refused && !trustedModes.includes(mode);
    if (this.#facts.reconciled && !trusts) return;
    this.#facts.reconciled = true;
    if (trusts) this.#facts.trustedModes = [...trustedModes, mode];
    await this.#base.setFacts(this.#facts);
  }
}

function recentDeletes({ deletes }: BaseFacts): number {
  return deletes.filter(isRecent).reduce((sum, { count }) => sum + count, 0);
}

function isRecent({ at }: { at: number }): boolean {
  return at > Date.now() - DAY_MS;
}

function notYet(): SyncError {
  return new SyncError('SETTINGS_INVALID', {
    message: 'The mode MULTI does not sync yet in this version.',
    fix: 'Use the mode SINGLE, with one server.',
  });
}
