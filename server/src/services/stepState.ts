import type { LookAnswer, Problem, RunAnswer, StepState } from '../routes/contract';

/** What is known of the two sides. */
export interface StepFacts {
  problems: readonly Problem[];
  running: RunAnswer | undefined;
  /** The newest run of the history that has ended. */
  lastRun: RunAnswer | undefined;
  /** The run that somebody still has to settle. */
  unresolved: RunAnswer | undefined;
  /** The last run that looked at all files, whether it is in the history or not. */
  lastLook: LookAnswer | undefined;
}

/** Says how the two sides stand, and no more than is known. Pure. */
export function stepState({ problems, running, lastRun, unresolved, lastLook }: StepFacts): StepState {
  if (problems.length > 0) return 'off';
  if (running !== undefined) return 'running';
  if (unresolved !== undefined) return 'out-of-step';
  const runEndedAt = Date.parse(lastRun?.endedAt ?? lastRun?.startedAt ?? '');
  // A look that found nothing new is not in the history, but it is newer than what is.
  const status = lastLook !== undefined && !(Date.parse(lastLook.at) < runEndedAt) ? lastLook.status : lastRun?.status;
  if (status === undefined) return 'unknown';
  if (status !== 'done') return 'out-of-step';
  // What a comparison left undone in the bucket, a look at the files here does not see.
  return (lastLook?.status ?? 'done') === 'done' && (lastLook?.compared ?? 'done') === 'done'
    ? 'in-step'
    : 'out-of-step';
}
