import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import { PLUGIN_ID } from '../pluginId';
import type { MessageKey } from './useTranslation';
import { useTranslation } from './useTranslation';

/** An error as the server tells it: a code, and a cause and a fix in English with all particulars. */
interface ServerError {
  code: string;
  message: string;
  fix: string;
}

/** An error as it is shown. */
export interface ErrorText {
  /** What went wrong in general, in the language of the page. */
  title: string;
  /** What went wrong here, in the server's words. */
  message: string;
  /** Of the message, where it is not that of the page. */
  language: 'en' | undefined;
  /** What to do; empty where nothing needs to be done. */
  fix: string;
}

/**
 * Puts an error into the language of the page as far as its code says what it is. The server writes English; its words
 * name the bucket, the action and the file, so in English they say more than a text for the code, and in another
 * language they stand below it. A code this page does not know keeps the server's fix.
 */
export function useErrorText(): (error: ServerError) => ErrorText {
  const t = useTranslation();
  const { messages, locale } = useIntl();

  return useCallback(
    ({ code, message, fix }) => {
      const isEnglish = locale.split('-')[0] === 'en';
      const isKnown = (key: string): key is MessageKey => `${PLUGIN_ID}.${key}` in messages;
      const titleKey = `error.${code}`;
      const fixKey = `error.${code}.fix`;
      return {
        title: isKnown(titleKey) ? t(titleKey) : t('error.INTERNAL'),
        message,
        language: isEnglish ? undefined : 'en',
        fix: !isEnglish && fix !== '' && isKnown(fixKey) ? t(fixKey) : fix,
      };
    },
    [messages, locale, t],
  );
}
