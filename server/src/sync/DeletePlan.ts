import { createHash } from 'node:crypto';
import type { Base, PlannedDelete } from './base/Base';

const BATCH = 1_000;

/** Where deletes wait. */
export type DeleteStore = Pick<Base, 'planDeletes' | 'plannedDeletes' | 'clearPlannedDeletes'>;

/**
 * The deletes of a run, which wait until all else is done and the guards have looked at their number. Those of a walk
 * wait on the disk, and memory holds one batch.
 */
export class DeletePlan {
  readonly #store: DeleteStore;
  readonly #counts = { remote: 0, local: 0 };
  #batch: PlannedDelete[] = [];
  #leftOut: ReadonlySet<string> = new Set();

  constructor(store: DeleteStore) {
    this.#store = store;
  }

  /** Forgets what an earlier run or attempt left. */
  async clear(): Promise<void> {
    this.#batch = [];
    this.#counts.remote = 0;
    this.#counts.local = 0;
    this.#leftOut = new Set();
    await this.#store.clearPlannedDeletes();
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

  /** Leaves out what others have decided meanwhile: nothing is inferred of these keys any more. */
  async leaveOut(keys: ReadonlySet<string>): Promise<void> {
    if (keys.size === 0) return;
    this.#leftOut = keys;
    await this.#flush();
    this.#counts.remote = 0;
    this.#counts.local = 0;
    for await (const batch of this.#all()) for (const { side } of batch) this.#counts[side] += 1;
  }

  /** Those of one side, ascending by key, in batches of up to 1,000. */
  async *of(side: PlannedDelete['side']): AsyncIterable<PlannedDelete[]> {
    await this.#flush();
    for await (const batch of this.#all()) yield batch.filter((planned) => planned.side === side);
  }

  /** One value for exactly these deletes, so that a person confirms what they saw and nothing else. */
  async digest(): Promise<string> {
    await this.#flush();
    const hash = createHash('sha256');
    for await (const batch of this.#all()) {
      for (const { side, key } of batch) hash.update(`${side} ${key}\0`);
    }
    return hash.digest('hex');
  }

  async *#all(): AsyncIterable<PlannedDelete[]> {
    for await (const batch of this.#store.plannedDeletes()) yield batch.filter(({ key }) => !this.#leftOut.has(key));
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#store.planDeletes(batch);
  }
}
