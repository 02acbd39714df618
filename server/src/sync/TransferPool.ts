/**
 * Runs tasks at the same time, bounded in number and in bytes they hold in memory.
 * `start` waits for a free place, so a fast producer is held back.
 */
export class TransferPool {
  readonly #maxTasks: number;
  readonly #maxBytes: number;
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
