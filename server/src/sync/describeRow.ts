/** Why the rows of `decide`'s table do what they do. */
const REASONS: Record<string, string> = {
  S1: 'not in the bucket',
  S3: 'changed here',
  S6: 'changed here',
  S7: 'not here any more',
  M2: 'changed in the bucket',
  M3: 'not in the bucket any more',
  M4: 'changed here',
  M6: 'changed here and in the bucket',
  M7: 'changed here, deleted in the bucket',
  M8: 'not here any more',
  M9: 'deleted here, changed in the bucket',
  M11: 'the delete in the bucket meant other content',
  N1: 'not in the bucket',
  N2: 'deleted or replaced by another server',
  N3: 'not here',
  N5: 'different here and in the bucket',
  N6: 'replaced by another server',
  R1: 'not here',
};

/**
 * @param row number of a row, as in `decide`.
 * @returns why it does what it does, in a few plain words.
 */
export function describeRow(row: string): string {
  return REASONS[row] ?? 'the two sides differ';
}
