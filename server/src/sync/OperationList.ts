import type { Base } from './base/Base';
import type { PlannedOperation } from './PlannedOperation';

const BATCH = 1_000;

/** The transfers of a plan, which wait on the disk until the listing has proved to be in order. Memory holds one batch. */
export class OperationList {
  readonly #base: Base;
  #batch: PlannedOperation[] = [];

  constructor(base: Base) {
    this.#base = base;
  }

  /** Forgets what an earlier plan or attempt left. */
  async clear(): Promise<void> {
    this.#batch = [];
    await this.#base.clearPlannedOperations();
  }

  async add(operation: PlannedOperation): Promise<void> {
    this.#batch.push(operation);
    if (this.#batch.length >= BATCH) await this.#flush();
  }

  /** Ascending by key, in batches of up to 1,000. */
  async *all(): AsyncIterable<PlannedOperation[]> {
    await this.#flush();
    yield* this.#base.plannedOperations();
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    await this.#base.planOperations(batch);
  }
}
