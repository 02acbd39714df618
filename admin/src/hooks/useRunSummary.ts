import { useCallback } from 'react';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useTranslation } from './useTranslation';

/** Gives one sentence on how a run ended, which says no more than the run has looked at and done. */
export function useRunSummary(): (run: RunAnswer) => string {
  const t = useTranslation();
  return useCallback(
    ({ status, scope, withheld }) => {
      // A run for some files by name, such as those of a change of media, looks at these alone.
      if (status === 'done' && scope === 'keys') return t('run.summary.done.keys');
      if (status === 'done' && scope === 'restore') return t('run.summary.done.restore');
      if (status === 'refused' && withheld === 0) return t('run.summary.refused.stopped');
      return t(`run.summary.${status}`);
    },
    [t],
  );
}
