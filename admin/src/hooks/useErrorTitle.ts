import { useCallback } from 'react';

import { useKnownText } from './useKnownText';
import { useTranslation } from './useTranslation';

/** Gives the short name of an error from its code; one this page does not know is named for what it is, an error. */
export function useErrorTitle(): (code: string) => string {
  const t = useTranslation();
  const known = useKnownText();

  return useCallback((code) => known(`error.${code}`) ?? t('error.INTERNAL'), [known, t]);
}
