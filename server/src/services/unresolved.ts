import type { LookAnswer, RunAnswer, TriggerName } from '../routes/contract';

/** A run that has ended. */
export interface EndedRun {
  run: RunAnswer;
  /** The files that it was for, where it was for a few by name. */
  keys?: readonly string[];
}

type Scope = NonNullable<RunAnswer['scope']>;

/** How much a run looks at. A restore is no sync: it settles only what asked for one. */
const BREADTH: Record<Scope, number> = { keys: 0, local: 1, restore: 2, whole: 3 };

const LEFT_UNDONE: readonly RunAnswer['status'][] = ['refused', 'failed', 'partial', 'interrupted'];

/** Ends that leave nothing to settle: a person wanted something else than what was there, and was told. */
const NOTHING_TO_SETTLE: readonly string[] = ['PLAN_OUTDATED', 'CANCELLED'];

const SCOPES: Partial<Record<TriggerName, Scope>> = {
  media: 'keys',
  feed: 'keys',
  trash: 'keys',
  scan: 'local',
  content: 'local',
};

/**
 * The run that a person still has to decide about or to repair: it did not do all that was to be done, and no later run
 * that looks at as much has ended well. Of several it is the one that looks at the most, and of those the newest. Pure.
 *
 * @param newestFirst runs of one directory, by when they began.
 * @param lastLook the last run that looked at all files here; one that found nothing new is in no history.
 */
export function findUnresolved(newestFirst: readonly EndedRun[], lastLook?: LookAnswer): RunAnswer | undefined {
  const well: EndedRun[] = [];
  let found: RunAnswer | undefined;
  for (const ended of newestFirst) {
    const { run } = ended;
    if (run.status === 'done') well.push(ended);
    if (!isLeftUndone(run) || isSettledByLook(run, lastLook)) continue;
    if (well.some((later) => settles(later, ended))) continue;
    if (found === undefined || breadthOf(run) > breadthOf(found)) found = run;
  }
  return found;
}

/** Whether whatever is older than these runs was settled by one of them. */
export function endsSearch(newestFirst: readonly EndedRun[]): boolean {
  return newestFirst.some(({ run }) => run.status === 'done' && scopeOf(run) === 'whole');
}

function isLeftUndone({ status, error }: RunAnswer): boolean {
  return LEFT_UNDONE.includes(status) && !(error !== undefined && NOTHING_TO_SETTLE.includes(error.code));
}

function settles(later: EndedRun, { run, keys }: EndedRun): boolean {
  const scope = scopeOf(later.run);
  if (scope === 'whole') return true;
  if (scope === 'restore') return scopeOf(run) === 'restore' || isLoss(run);
  if (scope === 'local') return isSeenHere(run);
  return scopeOf(run) === 'keys' && keys !== undefined && keys.every((key) => later.keys?.includes(key) === true);
}

/** Files are missing here: bringing them back is one of the ways on. */
function isLoss({ refused }: RunAnswer): boolean {
  return refused?.guard === 'directory-emptied' || refused?.guard === 'folder-emptied';
}

/** A look at the local files finds again what the run left. What others changed in the bucket it does not see. */
function isSeenHere(run: RunAnswer): boolean {
  return breadthOf(run) <= BREADTH.local && run.trigger !== 'feed';
}

function isSettledByLook(run: RunAnswer, look: LookAnswer | undefined): boolean {
  if (look?.status !== 'done' || !isSeenHere(run)) return false;
  return Date.parse(look.at) >= Date.parse(run.endedAt ?? run.startedAt);
}

function breadthOf(run: RunAnswer): number {
  return BREADTH[scopeOf(run)];
}

function scopeOf({ scope, trigger }: RunAnswer): Scope {
  return scope ?? SCOPES[trigger] ?? 'whole';
}
