import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import type { RunDetailAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';
import { useTranslation } from './useTranslation';

type ErrorCode = RunDetailAnswer['failures'][number]['code'];

/** Gives the short name of an error from its code; one this page does not know is named for what it is, an error. */
export function useErrorTitle(): (code: string) => string {
  const t = useTranslation();
  const { messages } = useIntl();

  return useCallback(
    (code) => {
      const isKnown = (name: string): name is ErrorCode => `${PLUGIN_ID}.error.${name}` in messages;
      return isKnown(code) ? t(`error.${code}`) : t('error.INTERNAL');
    },
    [messages, t],
  );
}
