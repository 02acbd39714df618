import type { KeyFailure } from '../sync/SyncReport';
import { describeError } from './describeError';
import { FailureDigest } from './history';
import { isPassing } from './isPassing';
import type { Log } from './log';
import type { RunsService } from './runs';

/** Failures wait in memory until there are so many. */
const BATCH = 200;

/** So many keys are remembered, to ask for these alone once more. */
const MAX_KEYS = 10_000;

/** Writes the failures of a run in batches, one after the other, while it goes on, and knows of what kinds they were. */
export class FailureWriter {
  readonly #runId: number;
  readonly #runs: Pick<RunsService, 'addFailures'>;
  readonly #log: Log;
  readonly #digest = new FailureDigest();
  #waiting: KeyFailure[] = [];
  #writing: Promise<void> = Promise.resolve();
  #passing = false;
  #unsettled = false;
  #unwritable = false;
  #keys: Set<string> | undefined = new Set();

  constructor(runId: number, runs: Pick<RunsService, 'addFailures'>, log: Log) {
    this.#runId = runId;
    this.#runs = runs;
    this.#log = log;
  }

  /** A later run may not meet one of them any more. */
  get passing(): boolean {
    return this.#passing;
  }

  /** A file was still being written. */
  get unsettled(): boolean {
    return this.#unsettled;
  }

  /** A file could not be written here. */
  get unwritable(): boolean {
    return this.#unwritable;
  }

  /** Keys that failed or were withheld; `undefined` where they are too many, or some are not known. */
  get keys(): ReadonlySet<string> | undefined {
    return this.#keys;
  }

  /** Returns at once; what cannot be written is logged. */
  add(failure: KeyFailure): void {
    this.#passing ||= isPassing(failure.code);
    this.#unsettled ||= failure.code === 'LOCAL_CHANGED';
    this.#unwritable ||= failure.code === 'LOCAL_UNWRITABLE';
    if (failure.code !== 'CONFLICT') this.#remember(failure.key);
    this.#digest.add(failure);
    this.#waiting.push(failure);
    if (this.#waiting.length >= BATCH) this.#write();
  }

  /** Resolves when all are written down. Never rejects. */
  async flush(): Promise<void> {
    if (this.#waiting.length > 0) this.#write();
    await this.#writing;
  }

  /** Says which files failed, to compare the run with another one. To be asked once, at the end. */
  digest(): string {
    return this.#digest.digest();
  }

  #remember(key: string): void {
    if (key === '' || (this.#keys?.size ?? 0) >= MAX_KEYS) this.#keys = undefined;
    else this.#keys?.add(key);
  }

  #write(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    this.#writing = this.#writing
      .then(() => this.#runs.addFailures(this.#runId, batch))
      .catch((error: unknown) => {
        this.#log.error(
          `${batch.length} failures of run ${this.#runId} could not be written down: ${describeError(error)}`,
        );
      });
  }
}
