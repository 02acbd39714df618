/** A row of the feed as far as its place counts. */
export interface FeedPlace {
  id: number;
  /** Milliseconds of the database's clock. */
  at: number;
}

/**
 * A gap younger than this, in ms, may still be filled: ids are given when a statement begins, but rows can be read when
 * it is committed, so those of concurrent transactions become visible out of order.
 */
export const OVERLAP_MS = 10_000;

/**
 * How far the feed can be read without missing a row. Pure.
 *
 * @param from a position that was safe before.
 * @param places all rows after it that can be read, ascending by id.
 * @param nowMs the database's time.
 * @returns the id of the last row before the first fresh gap.
 */
export function safePosition(from: number, places: readonly FeedPlace[], nowMs: number): number {
  let position = from;
  for (const { id, at } of places) {
    if (id !== position + 1 && at > nowMs - OVERLAP_MS) break;
    position = id;
  }
  return position;
}
