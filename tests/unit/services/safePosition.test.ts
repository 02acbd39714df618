import { OVERLAP_MS, safePosition } from '../../../server/src/services/safePosition';

const NOW = 1_700_000_000_000;
const fresh = (...ids: number[]) => ids.map((id) => ({ id, at: NOW - 100 }));
const old = (...ids: number[]) => ids.map((id) => ({ id, at: NOW - OVERLAP_MS }));

test.each([
  ['nothing new', 7, [], 7],
  ['rows without a gap, however fresh', 7, fresh(8, 9, 10), 10],
  ['a fresh gap: a row may still come there', 7, fresh(8, 10, 11), 8],
  ['a fresh gap at the very beginning', 7, fresh(9), 7],
  ['an old gap: what was to come there came or never will', 7, [...old(9, 12), ...fresh(13)], 13],
  ['an old gap, then a fresh one', 0, [...old(3), ...fresh(4, 6)], 4],
  ['a table whose old rows were removed', 0, old(1_000), 1_000],
])('is safe up to the last row before a fresh gap: %s', (_name, from, places, expected) => {
  expect(safePosition(from, places, NOW)).toBe(expected);
});
