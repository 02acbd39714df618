/** Lets a limited number of things go on at a time. */
export class Slots {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** @param limit how many at a time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Does the work as soon as there is room. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#enter(undefined);
    return this.#work(work);
  }

  /**
   * Does the work as soon as there is room.
   * @param patienceMs how long it may wait for that, in ms.
   * @returns what the work returns, or `undefined` where there was no room in time.
   */
  async runWithin<Result>(patienceMs: number, work: () => Promise<Result>): Promise<Result | undefined> {
    return (await this.#enter(patienceMs)) ? this.#work(work) : undefined;
  }

  async #work<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** @param patienceMs `undefined`: however long it takes. */
  #enter(patienceMs: number | undefined): Promise<boolean> {
    if (this.#taken < this.#limit) {
      this.#taken += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#waiting.delete(take);
        resolve(false);
      };
      const timer = patienceMs === undefined ? undefined : setTimeout(giveUp, patienceMs);
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
