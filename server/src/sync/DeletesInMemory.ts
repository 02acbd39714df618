import type { PlannedDelete } from './base/Base';
import { compareKeys } from './compareKeys';
import type { DeleteStore } from './DeletePlan';

const BATCH = 1_000;

/** For the deletes of a few keys: what waits on the disk may be those of a run that goes on beside. */
export class DeletesInMemory implements DeleteStore {
  #deletes: PlannedDelete[] = [];

  async planDeletes(deletes: readonly PlannedDelete[]): Promise<void> {
    this.#deletes.push(...deletes);
    this.#deletes.sort((one, other) => compareKeys(one.key, other.key));
  }

  async *plannedDeletes(): AsyncIterable<PlannedDelete[]> {
    for (let at = 0; at < this.#deletes.length; at += BATCH) yield this.#deletes.slice(at, at + BATCH);
  }

  async clearPlannedDeletes(): Promise<void> {
    this.#deletes = [];
  }
}
