const MAX_BYTES_IN_FLIGHT = 32 * 1024 * 1024;

/** Transfers that are prepared or concluded for each one whose bytes travel. */
const TASKS_PER_TRANSFER = 2;

/**
 * Makes a pool for the transfers of a run. While the bytes of some files travel, as many others are read, brought to the
 * disk or noted in base: how many travel at a time is for the bucket to see to.
 *
 * @param concurrency transfers at a time; with one, files are taken one after the other.
 */
export function createTransferPool(concurrency: number): TransferPool {
  return new TransferPool(concurrency === 1 ? 1 : TASKS_PER_TRANSFER * concurrency, MAX_BYTES_IN_FLIGHT);
}

/**
 * Runs tasks at the same time, bounded in number and in bytes they hold in memory.
 * `start` waits for a free place, so a fast producer is held back.
 */
export class TransferPool {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  /** Tasks that go on. */
  #tasks = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /**
   * @param maxTasks tasks at a time.
   * @param maxBytes bytes in flight; a single task that is larger runs alone.
   */
  constructor(maxTasks: number, maxBytes: number) {
    this.#maxTasks = maxTasks;
    this.#maxBytes = maxBytes;
  }

  /**
   * Starts a task as soon as there is room, and returns then.
   * @param bytes what the task will hold in memory.
   * @param task must not reject: it has to deal with its own errors.
   */
  async start(bytes: number, task: () => Promise<void>): Promise<void> {
    while (this.#tasks > 0 && (this.#tasks >= this.#maxTasks || this.#bytes + bytes > this.#maxBytes)) {
      await this.#change();
    }
    this.#tasks += 1;
    this.#bytes += bytes;
    void task().finally(() => {
      this.#tasks -= 1;
      this.#bytes -= bytes;
      this.#announce();
    });
  }

  /** Waits until no task is left. */
  async idle(): Promise<void> {
    while (this.#tasks > 0) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #announce(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
