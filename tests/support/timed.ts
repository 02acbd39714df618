/** Milliseconds between two looks at the clock. */
const STEP_MS = 10;
/** So much later than asked for, timers come on an idle machine too. */
const USUAL_MS = 5;

/**
 * Tells how long something in this process takes, less what the process was kept from working meanwhile: what a timer
 * came late, an answer may come late too, for the machine does much else.
 *
 * @returns milliseconds.
 */
export async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const begun = performance.now();
  let lateMs = 0;
  let last = begun;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > STEP_MS + USUAL_MS) lateMs += now - last - STEP_MS;
    last = now;
  }, STEP_MS);
  try {
    const result = await work();
    return { result, ms: performance.now() - begun - lateMs };
  } finally {
    clearInterval(timer);
  }
}
