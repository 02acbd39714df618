import type { Base, BaseFacts } from './base/Base';
import { openBase } from './base/LevelBase';
import { openStateDirectory } from './base/StateDirectory';
import { asSyncError } from './asSyncError';
import { Claim, Refused } from './Claim';
import { ConditionalWrites } from './bucket/ConditionalWrites';
import { probeConditions } from './bucket/probeConditions';
import type { KeyWorker } from './KeyWorker';
import { LocalDirectory } from './local/LocalDirectory';
import { LocalWriter } from './local/LocalWriter';
import { Trash } from './local/Trash';
import { MultiWorker } from './MultiWorker';
import { Outbox } from './Outbox';
import { Run } from './Run';
import { RunState } from './RunState';
import { SingleWorker } from './SingleWorker';
import { SyncError } from './SyncError';
import type { MultiModeOptions, SyncOptions, SyncScope } from './SyncOptions';
import type { SyncReport } from './SyncReport';

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
    const claim = new Claim({ ...options, scope }, directoryId, base, facts, state.signal);
    const local = new LocalDirectory(options.directory);
    const unsettled = await base.unsettled();
    const common = { local, base, facts, claim, unsettled, directoryId };
    const worker = await makeWorker(options, state, common, path);
    await new Run({ options, state, worker, ...common }).execute(scope);
    if (options.multi) await new Outbox(base, options.multi.feed, directoryId).flush();
  } finally {
    await base.close();
  }
}

interface Common {
  local: LocalDirectory;
  base: Base;
  facts: BaseFacts;
  claim: Claim;
  unsettled: ReadonlySet<string>;
  directoryId: string;
}

async function makeWorker(
  options: SyncOptions,
  state: RunState,
  { local, base, facts, claim, unsettled, directoryId }: Common,
  stateDirectory: string,
): Promise<KeyWorker> {
  const { bucket, referenced, concurrency } = options;
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
  if (options.mode === 'SINGLE') return new SingleWorker(common);

  const { feed, trashDays } = requireMulti(options);
  await new Outbox(base, feed, directoryId).flush();
  const trash = new Trash(stateDirectory);
  await trash.purge(trashDays);
  if (!facts.conditions) {
    await claim.check();
    facts.conditions = await probeConditions(bucket, state.signal);
    await base.setFacts(facts);
  }
  return new MultiWorker({
    ...common,
    writer: new LocalWriter(local, trash),
    writes: new ConditionalWrites(bucket, facts.conditions),
    feed,
    seen: { position: facts.feedPosition, directoryId },
    unsettled,
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
