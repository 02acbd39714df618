/** What the scan trigger needs to know. */
export interface ScanOptions {
  /** The setting, in ms; 0 is off. Asked each time. */
  everyMs: () => number;
  /** A run goes on: it looks at the files anyway, or is about to change them. */
  isBusy: () => boolean;
  /** Asks for a walk. Must not throw. */
  look: () => void;
  /** A walk was left out, because of a run. Must not throw. */
  skipped: () => void;
}

/** Asks for a local walk again and again, so that files which no event made are found. */
export interface Scan {
  start(): void;
  /**
   * All local files were looked at, whoever asked for it: the next walk is due a while after this one.
   *
   * @param durationMs what the walk took; `undefined` where the run did more than walk.
   */
  walked(durationMs: number | undefined): void;
  /** The settings may have changed. */
  reschedule(): void;
  /** When the next walk is due, in ms since the epoch; `undefined` where none is. */
  nextAt(): number | undefined;
  stop(): void;
}

/** A walk that took so long is followed by a pause of so many times that: never more than 10 % of the time is walked. */
const PAUSE_PER_WALK = 9;

/** Makes the trigger; nothing happens before `start`. */
export function createScan({ everyMs, isBusy, look, skipped }: ScanOptions): Scan {
  let isStarted = false;
  let timer: NodeJS.Timeout | undefined;
  let endedAt = 0;
  let walkMs = 0;
  let nextAt: number | undefined;

  function schedule(): void {
    clearTimeout(timer);
    timer = undefined;
    nextAt = undefined;
    const every = everyMs();
    if (!isStarted || every === 0) return;
    nextAt = endedAt + Math.max(every, PAUSE_PER_WALK * walkMs);
    timer = setTimeout(wake, Math.max(0, nextAt - Date.now())).unref();
  }

  function wake(): void {
    endedAt = Date.now();
    if (isBusy()) skipped();
    else look();
    // Where the walk does not come about, the next one is tried all the same.
    schedule();
  }

  return {
    start() {
      isStarted = true;
      endedAt = Date.now();
      schedule();
    },
    walked(durationMs) {
      endedAt = Date.now();
      walkMs = durationMs ?? walkMs;
      schedule();
    },
    reschedule: schedule,
    nextAt: () => nextAt,
    stop() {
      isStarted = false;
      clearTimeout(timer);
      timer = undefined;
      nextAt = undefined;
    },
  };
}
