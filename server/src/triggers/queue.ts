import { AsyncResource } from 'node:async_hooks';
import type { TriggerName } from '../routes/contract';

/** What asks for a sync: some files by name, or everything. */
export interface Wish {
  trigger: TriggerName;
  /** Names of files in `uploads/`; everything where it is absent. */
  uploads?: readonly string[];
  /** Both sides are compared, and not only the local one with what was last agreed on. */
  whole?: boolean;
}

/** `again`: it did not work, but may work a little later. */
export type WishOutcome = 'done' | 'again';

export interface QueueOptions {
  /** How long wishes gather before they are carried out, in ms. Asked at each first wish. */
  coalesceMs(): number;
  /** Carries out one wish. A rejection counts as `again`. */
  carryOut(wish: Wish): Promise<WishOutcome>;
  onError(error: unknown): void;
}

/** Gathers wishes and carries them out one after the other. */
export interface Queue {
  /** Notes a wish and returns at once. Never throws. */
  add(wish: Wish): void;
  /** Stops the timers and forgets what waits. */
  stop(): void;
}

/** The pause after a first failure, doubled after each further one, in ms. */
export const FIRST_PAUSE_MS = 5_000;
export const LONGEST_PAUSE_MS = 5 * 60_000;

/**
 * Makes a queue. However many wishes come while one is carried out, they become at most one for files by name and one
 * for everything. The two are kept apart: what is deleted by name was meant to go, what is merely missing may not be.
 */
export function createQueue(options: QueueOptions): Queue {
  let names: { trigger: TriggerName; uploads: Set<string> } | undefined;
  let everything: Wish | undefined;
  let timer: NodeJS.Timeout | undefined;
  let busy = false;
  let stopped = false;
  let failures = 0;

  function note({ trigger, uploads, whole }: Wish): void {
    if (uploads === undefined) {
      const wider = whole === true || everything?.whole === true;
      everything = { trigger: everything?.trigger ?? trigger, ...(wider ? { whole: true } : {}) };
      return;
    }
    names ??= { trigger, uploads: new Set() };
    for (const name of uploads) names.uploads.add(name);
  }

  function take(): Wish | undefined {
    if (names !== undefined) {
      const { trigger, uploads } = names;
      names = undefined;
      return { trigger, uploads: [...uploads] };
    }
    const wish = everything;
    everything = undefined;
    return wish;
  }

  // Timers are made in the hook's own context: without this a run would inherit the request and its transaction.
  const wake = AsyncResource.bind(() => {
    timer = undefined;
    void drain();
  });

  function schedule(delayMs: number): void {
    if (stopped || busy || timer !== undefined) return;
    if (names === undefined && everything === undefined) return;
    timer = setTimeout(wake, delayMs).unref();
  }

  async function carryOut(wish: Wish): Promise<WishOutcome> {
    try {
      return await options.carryOut(wish);
    } catch (error) {
      options.onError(error);
      return 'again';
    }
  }

  async function drain(): Promise<void> {
    busy = true;
    let outcome: WishOutcome = 'done';
    // What comes meanwhile gathers again: this round takes what was there when it began.
    for (const wish of [take(), take()]) {
      if (wish === undefined || stopped) continue;
      if (outcome === 'done') outcome = await carryOut(wish);
      if (outcome === 'again') note(wish);
    }
    busy = false;
    failures = outcome === 'again' ? failures + 1 : 0;
    schedule(failures === 0 ? options.coalesceMs() : pauseAfter(failures));
  }

  return {
    add(wish) {
      if (stopped) return;
      note(wish);
      schedule(options.coalesceMs());
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
      names = undefined;
      everything = undefined;
    },
  };
}

/** Milliseconds to wait after so many failures in a row. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}
