import { useCallback } from 'react';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useTranslation } from './useTranslation';

/** Gives one sentence on how a run ended, which says no more than the run has looked at and done. */
export function useRunSummary(): (run: RunAnswer) => string {
  const t = useTranslation();
  return useCallback(
    ({ status, trigger, withheld }) => {
      // A run for a change of media looks at the files of that change alone.
      if (status === 'done' && trigger === 'media') return t('run.summary.done.media');
      if (status === 'refused' && withheld === 0) return t('run.summary.refused.stopped');
      return t(`run.summary.${status}`);
    },
    [t],
  );
}
