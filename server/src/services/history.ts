import { createHash, type Hash } from 'node:crypto';
import type { TriggerName } from '../routes/contract';
import type { SyncScope } from '../sync/SyncOptions';
import type { KeyFailure, SyncReport } from '../sync/SyncReport';
import { hasChanged } from './activity';

/** Decides which runs enter the history: a look each minute that finds nothing would soon push out all others. */
export interface History {
  /**
   * A run is kept where a person asked for it, where it changed something, where it compared everything, and where it
   * ended in another way than the last one that looked as far. One that goes on failing the same way is kept once an
   * hour.
   *
   * @param failures digest of the files that failed.
   */
  keeps(trigger: TriggerName, scope: SyncScope, report: SyncReport, failures: string): boolean;
}

/** The same trouble is written down again after so long, in ms. */
export const REPEAT_AFTER_MS = 60 * 60_000;

const BY_PERSONS: readonly TriggerName[] = ['button', 'cli', 'trash'];

/** Makes the rule for one process. */
export function createHistory(): History {
  const last = new Map<SyncScope['kind'], { ending: string; keptAt: number }>();

  return {
    keeps(trigger, scope, report, failures) {
      // A scan that found nothing new here must not hide the refusal of a run that looked at the bucket too.
      const looked = scope.kind;
      const ending = describeEnding(report, failures);
      const before = last.get(looked);
      const isDone = report.status === 'done';
      const isOld = !isDone && before !== undefined && Date.now() - before.keptAt >= REPEAT_AFTER_MS;
      const isNew = before === undefined ? !isDone : before.ending !== ending;
      const isComparison = isDone && scope.kind === 'whole';
      const keeps = BY_PERSONS.includes(trigger) || hasChanged(report) || isComparison || isNew || isOld;
      last.set(looked, { ending, keptAt: keeps || before === undefined ? Date.now() : before.keptAt });
      return keeps;
    },
  };
}

/** Gathers which files failed in a run, to compare it with another one. */
export class FailureDigest {
  readonly #hash: Hash = createHash('sha256');
  #count = 0;

  add({ key, code }: KeyFailure): void {
    this.#count += 1;
    this.#hash.update(`${code} ${key}\0`);
  }

  /** Ends the digest. */
  digest(): string {
    return this.#count === 0 ? '' : this.#hash.digest('hex');
  }
}

function describeEnding({ status, refused, error, failed, withheld }: SyncReport, failures: string): string {
  const { guard, count, digest } = refused ?? {};
  return JSON.stringify([status, guard, count, digest, error?.code, failed, withheld, failures]);
}
