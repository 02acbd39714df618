import { AsyncLocalStorage } from 'node:async_hooks';

/** What happens before one of the steps of a run. */
export interface StepEvents {
  /** The process is killed before this step; the first step is 0. */
  crashAt?: number;
  /** Something else happens in the world before this step; `isOwn` where the same process does it. */
  interrupt?: { at: number; happen: () => Promise<void>; isOwn: boolean };
}

/** Thrown by every step of a process that was killed: nothing it does has an effect any more. */
export class Crash extends Error {
  constructor() {
    super('The process was killed.');
    this.name = 'Crash';
  }
}

/**
 * Counts what a run does (requests, rows of the feed, writes to the base and to the disk), and lets it be killed, or
 * something else happen, before any of these steps.
 */
export class Steps {
  static readonly #current = new AsyncLocalStorage<Steps | undefined>();
  readonly #events: StepEvents;
  #count = 0;
  #isDead = false;

  constructor(events: StepEvents) {
    this.#events = events;
  }

  get count(): number {
    return this.#count;
  }

  get crashed(): boolean {
    return this.#isDead;
  }

  /** Whether the process was killed, or something happened meanwhile. */
  get disturbed(): boolean {
    const { interrupt } = this.#events;
    return this.#isDead || (interrupt !== undefined && this.#count > interrupt.at);
  }

  /** Runs work whose steps are counted here. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return Steps.#current.run(this, work);
  }

  /** To be called before each step. Outside of a counted run it does nothing. */
  static async take(): Promise<void> {
    await Steps.#current.getStore()?.next();
  }

  /** Runs work of which no step is counted, such as an editor's. */
  static uncounted<T>(work: () => Promise<T>): Promise<T> {
    return Steps.#current.run(undefined, work);
  }

  /** Counts a step, and lets happen what happens before it. */
  async next(): Promise<void> {
    const step = this.#count;
    this.#count += 1;
    const { crashAt, interrupt } = this.#events;
    if (step === crashAt) this.#isDead = true;
    if (this.#isDead) throw new Crash();
    if (step !== interrupt?.at) return;
    if (interrupt.isOwn) await interrupt.happen();
    else await Steps.uncounted(interrupt.happen);
  }
}
