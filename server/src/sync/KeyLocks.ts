/** What one run knows of the keys that others work at. */
export interface KeySession {
  /** Keys that others have worked at since the session began. */
  readonly moved: ReadonlySet<string>;
  /**
   * Does work at keys while nobody else does.
   *
   * @param work told which keys have moved: what was seen of them is old.
   */
  with<Result>(keys: readonly string[], work: (moved: ReadonlySet<string>) => Promise<Result>): Promise<Result>;
  end(): void;
}

/**
 * Keeps the runs of one directory, and what is fetched while it is asked for, from working at the same key at the same
 * time. All of them are in one process: others do not get the base.
 */
export class KeyLocks {
  readonly #held = new Map<string, Promise<void>>();
  readonly #sessions = new Set<Set<string>>();

  /** Begins to note what others work at; ends with the session. */
  open(): KeySession {
    const moved = new Set<string>();
    this.#sessions.add(moved);
    return {
      moved,
      with: (keys, work) => this.#with(keys, () => work(moved), moved),
      end: () => {
        this.#sessions.delete(moved);
      },
    };
  }

  /** Does work at keys while nobody else does, outside of any session. */
  with<Result>(keys: readonly string[], work: () => Promise<Result>): Promise<Result> {
    return this.#with(keys, work, undefined);
  }

  /** Whether somebody works at a key now. */
  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  async #with<Result>(
    keys: readonly string[],
    work: () => Promise<Result>,
    own: ReadonlySet<string> | undefined,
  ): Promise<Result> {
    const release = await this.#take(keys);
    try {
      return await work();
    } finally {
      this.#noteFor(own, keys);
      release();
    }
  }

  /** Takes all of them at once: two that want the same keys in another order do not wait for each other for ever. */
  async #take(keys: readonly string[]): Promise<() => void> {
    for (;;) {
      const inTheWay = keys.map((key) => this.#held.get(key)).filter((held) => held !== undefined);
      if (inTheWay.length === 0) break;
      await Promise.all(inTheWay);
    }
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const key of keys) this.#held.set(key, held);
    return () => {
      for (const key of keys) this.#held.delete(key);
      release();
    };
  }

  #noteFor(own: ReadonlySet<string> | undefined, keys: readonly string[]): void {
    for (const moved of this.#sessions) {
      if (moved === own) continue;
      for (const key of keys) moved.add(key);
    }
  }
}
