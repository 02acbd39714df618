/** Lets a limited number of things go on at a time. */
export class Slots {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** @param limit how many at a time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Does the work as soon as there is room.
   * @param patienceMs how long it may wait for that, in ms.
   * @returns what the work returns, or `undefined` where there was no room in time.
   */
  async run<Result>(patienceMs: number, work: () => Promise<Result>): Promise<Result | undefined> {
    if (!(await this.#enter(patienceMs))) return undefined;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #enter(patienceMs: number): Promise<boolean> {
    if (this.#taken < this.#limit) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        resolve(false);
      }, patienceMs);
      const take = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.add(take);
    });
  }

  /** Whoever waits longest gets the place. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
