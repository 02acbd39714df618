/** Why a sync does what it does, in a few plain words for each cause. */
const TEXTS = {
  'not-in-bucket': 'not in the bucket',
  'changed-here': 'changed here',
  'not-here-any-more': 'not here any more',
  'changed-in-bucket': 'changed in the bucket',
  'not-in-bucket-any-more': 'not in the bucket any more',
  'changed-on-both': 'changed here and in the bucket',
  'changed-here-deleted-there': 'changed here, deleted in the bucket',
  'deleted-here-changed-there': 'deleted here, changed in the bucket',
  'delete-meant-other-content': 'the delete in the bucket meant other content',
  'gone-elsewhere': 'deleted or replaced by another server',
  'replaced-elsewhere': 'replaced by another server',
  'not-here': 'not here',
  different: 'different here and in the bucket',
  'still-named': 'missing here, and the Media Library still names it',
  'gone-and-named': 'not in the bucket any more, and the Media Library still names it',
  differs: 'the two sides differ',
} as const;

/** Why a sync does what it does. */
export type PlanCause = keyof typeof TEXTS;

/** By the rows of `decide`'s table. */
const CAUSES: Record<string, PlanCause> = {
  S1: 'not-in-bucket',
  S3: 'changed-here',
  S6: 'changed-here',
  S7: 'not-here-any-more',
  M2: 'changed-in-bucket',
  M3: 'not-in-bucket-any-more',
  M4: 'changed-here',
  M6: 'changed-on-both',
  M7: 'changed-here-deleted-there',
  M8: 'not-here-any-more',
  M9: 'deleted-here-changed-there',
  M11: 'delete-meant-other-content',
  M13: 'gone-elsewhere',
  N1: 'not-in-bucket',
  N2: 'gone-elsewhere',
  N3: 'not-here',
  N5: 'different',
  N6: 'replaced-elsewhere',
  R1: 'not-here',
};

/** @param row number of a row, as in `decide`. */
export function causeOfRow(row: string): PlanCause {
  return CAUSES[row] ?? 'differs';
}

/** @returns the cause in a few plain words. */
export function describeCause(cause: PlanCause): string {
  return TEXTS[cause];
}

/** Whether a text is the name of a cause. */
export function isPlanCause(text: string): text is PlanCause {
  return text in TEXTS;
}
