/**
 * Looks again and again until what is looked for is there.
 *
 * @param look returns what is looked for, or `undefined` while it is not there.
 * @param timeoutMs where it is not said: long enough for a machine that does much else. How soon it is there is no matter.
 * @throws Error after `timeoutMs`.
 */
export async function waitUntil<Found>(
  what: string,
  look: () => Promise<Found | undefined>,
  timeoutMs = 60_000,
): Promise<Found> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > giveUpAt) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await pause(50);
  }
}

/** Resolves after so many milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
