import type { RunAnswer, StatusAnswer } from '../../server/src/routes/contract';

/**
 * The run of this server that a person has to settle, and that is to be told beside what goes on now. A run that looks at
 * everything may be settling it.
 */
export function openRunOf({ running, unresolved }: StatusAnswer): RunAnswer | undefined {
  return running === undefined || isPartOnly(running) ? unresolved : undefined;
}

/** A run for some files, or for what is here alone, says nothing of the rest. */
function isPartOnly({ scope }: RunAnswer): boolean {
  return scope === 'keys' || scope === 'local';
}

/** Whether somebody has to look at it. */
export function isBad({ status }: RunAnswer): boolean {
  return status === 'failed' || status === 'partial' || status === 'refused' || status === 'interrupted';
}
