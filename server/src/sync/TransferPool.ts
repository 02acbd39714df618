const MAX_BYTES_IN_FLIGHT = 32 * 1024 * 1024;

/**
 * Makes a pool for the transfers of a run. While the bytes of some files come, as many others are brought to the disk: how
 * many travel at a time is for the bucket to see to.
 *
 * @param concurrency transfers at a time; with one, files are taken one after the other.
 */
export function createTransferPool(concurrency: number): TransferPool {
  return new TransferPool(concurrency, MAX_BYTES_IN_FLIGHT, concurrency === 1 ? 1 : 0.5);
}

/**
 * Runs tasks at the same time, bounded in number and in bytes they hold in memory.
 * `start` waits for a free place, so a fast producer is held back.
 */
export class TransferPool {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
  readonly #arrivalShare: number;
  /** Places that are taken. */
  #taken = 0;
  #bytes = 0;
  #waiting: (() => void)[] = [];

  /**
   * @param maxTasks tasks at a time.
   * @param maxBytes bytes in flight; a single task that is larger runs alone.
   * @param arrivalShare how much of a task's place a file takes that arrives: for most of its time it waits for the disk.
   */
  constructor(maxTasks: number, maxBytes: number, arrivalShare = 1) {
    this.#maxTasks = maxTasks;
    this.#maxBytes = maxBytes;
    this.#arrivalShare = arrivalShare;
  }

  /**
   * Starts a task as soon as there is room, and returns then.
   * @param bytes what the task will hold in memory.
   * @param task must not reject: it has to deal with its own errors.
   * @param arrives whether it brings a file here.
   */
  async start(bytes: number, task: () => Promise<void>, arrives = false): Promise<void> {
    const share = arrives ? this.#arrivalShare : 1;
    while (this.#taken > 0 && (this.#taken + share > this.#maxTasks || this.#bytes + bytes > this.#maxBytes)) {
      await this.#change();
    }
    this.#taken += share;
    this.#bytes += bytes;
    void task().finally(() => {
      this.#taken -= share;
      this.#bytes -= bytes;
      this.#announce();
    });
  }

  /** Waits until no task is left. */
  async idle(): Promise<void> {
    while (this.#taken > 0) await this.#change();
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
