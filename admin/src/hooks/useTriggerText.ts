import { useCallback } from 'react';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useTranslation } from './useTranslation';

/** Gives what asked for a run, with the name of the administrator where one did. */
export function useTriggerText(): (run: RunAnswer) => string {
  const t = useTranslation();
  return useCallback(
    ({ trigger, startedBy }) => {
      const text = t(`trigger.${trigger}`);
      return startedBy === undefined ? text : t('trigger.by', { trigger: text, name: startedBy });
    },
    [t],
  );
}
