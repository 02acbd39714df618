import type { ActivityAnswer, LookAnswer, RunOutcome, SkipReason, TriggerName } from '../routes/contract';
import type { Bucket } from '../sync/bucket/Bucket';
import type { SyncScope } from '../sync/SyncOptions';
import type { SyncReport } from '../sync/SyncReport';

/** What happened since the last run that is in the history. */
export interface SinceLastKept {
  /** Events, whatever came of them. */
  events: number;
  /** Runs that are not in the history, because they found nothing new. */
  quietRuns: number;
}

/**
 * Counts what asked for a sync in this process, and what came of it. An event ends in one of two ways: it was skipped,
 * or a run followed. So once all is quiet, automatic runs = events − skipped + retries.
 */
export interface ActivityService {
  /** Something asked for a sync. */
  event(trigger: TriggerName): void;
  /** One event leads to no run of its own. */
  skip(reason: SkipReason): void;
  /** A run failed for a reason that may pass, and will be done again. */
  retry(): void;
  /** A run has ended. */
  ran(trigger: TriggerName, scope: SyncScope, report: SyncReport): void;
  /**
   * Counts the requests of a bucket that serves no run: a preview, a test, a file that is asked for.
   *
   * @returns a function that takes its last count, when it is closed.
   */
  follow(bucket: Pick<Bucket, 'requests'>): () => void;
  /** Counts since the last call: called for each run that enters the history. */
  takeSinceLastKept(): SinceLastKept;
  /** All counts since the start of this process. */
  read(): ActivityAnswer;
  /** The last run that looked at all files; `undefined` before there was one. */
  lastLook(): LookAnswer | undefined;
}

/** Makes the counters of one process; they begin at 0. */
export function createActivity(): ActivityService {
  const since = new Date().toISOString();
  const events: ActivityAnswer['events'] = {};
  const runs: ActivityAnswer['runs'] = {};
  const requests: Record<string, number> = {};
  const followed = new Set<Pick<Bucket, 'requests'>>();
  const skipped = { coalesced: 0, off: 0, excluded: 0, problems: 0, outside: 0, busy: 0 };
  const outcomes = { changed: 0, unchanged: 0, refused: 0, failed: 0, cancelled: 0 };
  let retries = 0;
  let bytes = 0;
  let kept = { events: 0, runs: 0 };
  let look: LookAnswer | undefined;
  let compared: LookAnswer['compared'];

  return {
    event(trigger) {
      events[trigger] = (events[trigger] ?? 0) + 1;
    },
    skip(reason) {
      skipped[reason] += 1;
    },
    retry() {
      retries += 1;
    },
    ran(trigger, { kind }, report) {
      if (kind !== 'keys') {
        const { status, sides } = report;
        if (kind === 'whole') compared = status;
        look = {
          at: new Date().toISOString(),
          status,
          ...(sides === undefined ? {} : { sides }),
          ...(compared === undefined ? {} : { compared }),
        };
      }
      runs[trigger] = (runs[trigger] ?? 0) + 1;
      outcomes[outcomeOf(report)] += 1;
      bytes += report.bytes;
      add(requests, report.requests);
    },
    follow(bucket) {
      followed.add(bucket);
      return () => {
        if (followed.delete(bucket)) add(requests, bucket.requests());
      };
    },
    takeSinceLastKept() {
      const now = { events: sum(events), runs: sum(runs) };
      // The run that is about to be kept was counted too.
      const counts = { events: now.events - kept.events, quietRuns: Math.max(0, now.runs - kept.runs - 1) };
      kept = now;
      return counts;
    },
    read() {
      const all = { ...requests };
      for (const bucket of followed) add(all, bucket.requests());
      return {
        since,
        events: { ...events },
        skipped: { ...skipped },
        retries,
        runs: { ...runs },
        outcomes: { ...outcomes },
        requests: all,
        bytes,
      };
    },
    lastLook: () => look,
  };
}

/** Whether a run changed anything on either side. */
export function hasChanged(report: SyncReport): boolean {
  const { uploaded, downloaded, deletedRemote, deletedLocal, conflicts } = report;
  return uploaded + downloaded + deletedRemote + deletedLocal + conflicts > 0;
}

function outcomeOf(report: SyncReport): RunOutcome {
  switch (report.status) {
    case 'done':
      return hasChanged(report) ? 'changed' : 'unchanged';
    case 'partial':
    case 'failed':
      return 'failed';
    default:
      return report.status;
  }
}

function add(sums: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(counts)) sums[kind] = (sums[kind] ?? 0) + count;
}

function sum(counts: Partial<Record<string, number>>): number {
  return Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);
}
