import { createHash } from 'node:crypto';
import type { Base, PlannedDelete } from './base/Base';

const BATCH = 1_000;

/**
 * The deletes of a run, which wait on the disk until all else is done and the guards have looked at their number.
 * Memory holds one batch.
 */
export class DeletePlan {
  readonly #base: Base;
  readonly #counts = { remote: 0, local: 0 };
  #batch: PlannedDelete[] = [];

  constructor(base: Base) {
    this.#base = base;
  }

  /** Forgets what an earlier run or attempt left. */
  async clear(): Promise<void> {
    this.#batch = [];
    this.#counts.remote = 0;
    this.#counts.local = 0;
    await this.#base.clearPlannedDeletes();
  }

  async add(planned: PlannedDelete): Promise<void> {
    this.#counts[planned.side] += 1;
    this.#batch.push(planned);
    if (this.#batch.length >= BATCH) await this.#flush();
  }

  /** @returns deletes that wait, on one side. */
  count(side: PlannedDelete['side']): number {
    return this.#counts[side];
  }

  /** Those of one side, ascending by key, in batches of up to 1,000. */
  async *of(side: PlannedDelete['side']): AsyncIterable<PlannedDelete[]> {
    await this.#flush();
    for await (const batch of this.#base.plannedDeletes()) yield batch.filter((planned) => planned.side === side);
  }

  /** One value for exactly these deletes, so that a person confirms what they saw and nothing else. */
  async digest(): Promise<string> {
    await this.#flush();
    const hash = createHash('sha256');
    for await (const batch of this.#base.plannedDeletes()) {
      for (const { side, key } of batch) hash.update(`${side} ${key}\0`);
    }
    return hash.digest('hex');
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#base.planDeletes(batch);
  }
}
