import { setMaxListeners } from 'node:events';
import type { BaseFacts } from './base/Base';
import type { SyncPhase, SyncProgress } from './SyncProgress';
import type { Outcome } from './KeyWorker';
import { noCounts } from './noCounts';
import type { Planned } from './plan';
import type { KeyFailure, Refusal, SyncReport, SyncStatus } from './SyncReport';
import { SyncError, type SyncErrorCode } from './SyncError';
import type { TotalOfSides } from './SideTotals';
import type { SyncOptions } from './SyncOptions';

/** Errors that no other key will escape: the run ends. */
const FATAL: ReadonlySet<SyncErrorCode> = new Set([
  'NO_CREDENTIALS',
  'CREDENTIALS_REJECTED',
  'CREDENTIALS_EXPIRED',
  'CLOCK_SKEW',
  'BUCKET_NOT_FOUND',
  'WRONG_REGION',
  'STORE_UNREACHABLE',
  'STORE_TIMEOUT',
  'BASE_DAMAGED',
  'DIRECTORY_MISSING',
  'CANCELLED',
]);

/** With so many failures in a row and no success between them, the next file would not fare better. */
const HOPELESS_FAILURES = 100;

/** Withheld deletes that are named one by one; the rest is counted. */
const NAMED_WITHHELD = 1_000;

const PROGRESS_INTERVAL_MS = 250;

const STILL_NAMED = 'The Media Library still names this file, but it is missing here. Its copy in the bucket was kept.';
const STILL_NAMED_FIX = 'Bring the file back from the bucket, or delete its entry in the Media Library.';

/** What a run has done so far: counts, failures, and whether it has to end early. */
export class RunState {
  readonly #options: SyncOptions;
  readonly #startedAt = Date.now();
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #requestsBefore: Record<string, number>;
  readonly #counts = noCounts();
  #seen = 0;
  /** Failures that say nothing of other files: an object that can be no file here, a link, a delete by name. */
  #apart = 0;
  #phase: SyncPhase = 'starting';
  #currentKey: string | undefined;
  #failuresInARow = 0;
  #fatal: SyncError | undefined;
  #refused: Refusal | undefined;
  #lastProgressAt = 0;
  #facts: BaseFacts | undefined;
  #totals: TotalOfSides | undefined;
  #isForgotten = false;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#requestsBefore = options.bucket.requests();
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#abort.signal]) : this.#abort.signal;
    // Every transfer listens for the end of the run.
    setMaxListeners(0, this.#signal);
  }

  /** Aborted when the run is cancelled, or ends early for an error. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /**
   * Transfers and looks at files that failed: with any, nothing may be inferred to be deleted, for it may be the deleted
   * file under a new name. An object that can be no file here, a link, or a delete by name is none of these.
   */
  get failed(): number {
    return this.#counts.failed - this.#apart;
  }

  /** Whether a guard withheld the run's deletes. */
  get refused(): boolean {
    return this.#refused !== undefined;
  }

  enter(phase: SyncPhase): void {
    this.#phase = phase;
    this.#report(true);
  }

  see(): void {
    this.#seen += 1;
    this.#report(false);
  }

  begin(key: string): void {
    this.#currentKey = key;
    this.#report(false);
  }

  /** Notes what became of a key. */
  note(key: string, outcome: Outcome): void {
    this.#failuresInARow = 0;
    switch (outcome.kind) {
      case 'unchanged':
      case 'uploaded':
      case 'downloaded':
        this.#counts[outcome.kind] += 1;
        break;
      case 'deleted-remote':
        this.#counts.deletedRemote += 1;
        break;
      case 'deleted-local':
        this.#counts.deletedLocal += 1;
        break;
      case 'conflict':
        this.#counts.conflicts += 1;
        this.#options.onFailure?.(conflictOf(key, outcome.winner));
        break;
      case 'withheld':
        this.withhold([key], STILL_NAMED, STILL_NAMED_FIX);
        break;
      case 'vanished':
      case 'to-delete':
        break;
    }
    this.#report(false);
  }

  addBytes(bytes: number): void {
    this.#counts.bytes += bytes;
    this.#report(false);
  }

  /**
   * Notes that one key failed; ends the run where the others would fail the same way.
   * @returns whether it counts as a failure of this key, and not of the whole run.
   */
  fail(error: SyncError, key: string): boolean {
    if (FATAL.has(error.code)) {
      this.end(error);
      return false;
    }
    this.#counts.failed += 1;
    this.#failuresInARow += 1;
    this.#options.onFailure?.({ key, code: error.code, message: error.message, fix: error.fix });
    if (this.#failuresInARow >= HOPELESS_FAILURES) this.end(hopeless(error));
    return true;
  }

  /** Notes a delete by name that failed: no sign that another file moved. */
  failByName(error: SyncError, key: string): void {
    if (this.fail(error, key)) this.#apart += 1;
  }

  /** Notes a key of which nothing may be concluded. */
  failProblem({ side, failure }: Extract<Planned, { kind: 'problem' }>): void {
    const isCounted = this.fail(failure, failure.key ?? '');
    if (isCounted && (side === 'remote' || failure.code === 'SYMLINK')) this.#apart += 1;
  }

  /** Notes deletes that were planned and not done. */
  withhold(keys: readonly string[], message: string, fix: string): void {
    const named = Math.max(0, NAMED_WITHHELD - this.#counts.withheld);
    for (const key of keys.slice(0, named)) this.#options.onFailure?.({ key, code: 'WITHHELD', message, fix });
    this.#counts.withheld += keys.length;
  }

  /** The walk begins again: what it finds unchanged is counted anew. */
  walkAgain(): void {
    this.#counts.unchanged = 0;
  }

  /** Notes that the base was forgotten, because most files had been replaced. */
  noteForgotten(): void {
    this.#isForgotten = true;
  }

  refuse(refusal: Refusal): void {
    this.#refused = refusal;
  }

  /** Ends the run early; the first reason counts. */
  end(error: SyncError): void {
    if (this.#refused) return;
    this.#fatal ??= error;
    this.#abort.abort();
  }

  /** Ends the run early because it may not write. */
  endRefused(refusal: Refusal): void {
    this.#refused ??= refusal;
    this.#abort.abort();
  }

  /** Facts that the report is to tell; they are kept up to date while the run goes on. */
  tell(facts: BaseFacts): void {
    this.#facts = facts;
  }

  /** What stands on each side at the end of a run that looked at everything. */
  tellTotals(totals: TotalOfSides): void {
    this.#totals = totals;
  }

  /** The report of the run as it stands now. */
  finish(): SyncReport {
    const status = this.#status();
    this.enter('finishing');
    return {
      mode: this.#options.mode,
      status,
      ...this.#counts,
      durationMs: Date.now() - this.#startedAt,
      requests: difference(this.#options.bucket.requests(), this.#requestsBefore),
      ...(this.#totals ? { sides: this.#totals } : {}),
      ...(this.#refused ? { refused: this.#refused } : {}),
      ...(this.#isForgotten ? { baseForgotten: true } : {}),
      ...(this.#options.mode === 'MULTI' && this.#facts ? { multi: multiOf(this.#facts) } : {}),
      ...(status === 'failed' && this.#fatal ? { error: errorOf(this.#fatal) } : {}),
    };
  }

  #status(): SyncStatus {
    if (this.#options.signal?.aborted) return 'cancelled';
    if (this.#fatal) return 'failed';
    if (this.#refused) return 'refused';
    return this.#counts.failed + this.#counts.withheld > 0 ? 'partial' : 'done';
  }

  #report(always: boolean): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const now = Date.now();
    if (!always && now - this.#lastProgressAt < PROGRESS_INTERVAL_MS) return;
    this.#lastProgressAt = now;
    const { uploaded, downloaded, deletedRemote, deletedLocal, failed, bytes } = this.#counts;
    const progress: SyncProgress = {
      phase: this.#phase,
      seen: this.#seen,
      uploaded,
      downloaded,
      deletedRemote,
      deletedLocal,
      failed,
      bytes,
      ...(this.#currentKey === undefined ? {} : { currentKey: this.#currentKey }),
    };
    onProgress(progress);
  }
}

function conflictOf(key: string, winner: 'local' | 'remote'): KeyFailure {
  const newer =
    winner === 'local' ? 'The one of this server is newer and stays' : 'The one in the bucket is newer and stays';
  return {
    key,
    code: 'CONFLICT',
    message: `There were two versions of this file. ${newer}; the other one is in the trash.`,
    fix: 'If the other one is the right one, restore it from the trash.',
  };
}

function hopeless(last: SyncError): SyncError {
  return new SyncError(last.code, {
    message: `${HOPELESS_FAILURES} files in a row failed, so the run was ended. The last one: ${last.message}`,
    fix: last.fix,
    key: last.key,
    s3Code: last.s3Code,
    httpStatus: last.httpStatus,
    cause: last,
  });
}

function multiOf({ conditions, feedPosition }: BaseFacts): NonNullable<SyncReport['multi']> {
  return { ...(conditions ? { conditions } : {}), ...(feedPosition === undefined ? {} : { feedPosition }) };
}

function errorOf({ code, message, fix }: SyncError): NonNullable<SyncReport['error']> {
  return { code, message, fix };
}

function difference(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [operation, count] of Object.entries(after)) {
    const added = count - (before[operation] ?? 0);
    if (added > 0) counts[operation] = added;
  }
  return counts;
}
