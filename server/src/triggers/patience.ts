import type { OtherDirectory } from '../sync/SyncOptions';

/** In a rolling deploy the old server ends a little after the new one began; after so long, in ms, it is another case. */
export const PATIENCE_MS = 10 * 60_000;

/** Says how long to wait for a server that must end first. */
export interface Patience {
  /**
   * @param other the server that stands in the way by now, if there is one.
   * @returns whether to wait on. When the time is over the sync is to be tried, and refused by name.
   */
  waitsFor(other: OtherDirectory | undefined): boolean;
}

/** @param onWait called once when a wait begins. */
export function createPatience(onWait: (other: OtherDirectory) => void): Patience {
  let since: number | undefined;
  return {
    waitsFor(other) {
      if (other === undefined) {
        since = undefined;
        return false;
      }
      if (since === undefined) onWait(other);
      since ??= Date.now();
      return Date.now() - since < PATIENCE_MS;
    },
  };
}
