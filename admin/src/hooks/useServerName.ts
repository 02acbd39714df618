import { useCallback } from 'react';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useTranslation } from './useTranslation';

/** Gives the name of the server on which a run goes on, with its process: several may share one host. */
export function useServerName(): (run: RunAnswer) => string {
  const t = useTranslation();
  return useCallback(({ host = '', pid }) => t('elsewhere.server', { host, pid: String(pid ?? '') }), [t]);
}
