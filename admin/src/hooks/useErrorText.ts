import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import { useKnownText } from './useKnownText';
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
  /** The server's words are not in the language of the page, which says the same in its own. */
  isForeign: boolean;
  /** What to do; empty where nothing needs to be done. */
  fix: string;
}

/**
 * Puts an error into the language of the page as far as its code says what it is. The server writes English; its words
 * name the bucket, the action and the file, so in English they say more than a text for the code. In another language
 * they are what a person may look up. A code this page does not know keeps them, and the server's fix.
 */
export function useErrorText(): (error: ServerError) => ErrorText {
  const t = useTranslation();
  const known = useKnownText();
  const isEnglish = useIntl().locale.split('-')[0] === 'en';

  return useCallback(
    ({ code, message, fix }) => {
      const title = known(`error.${code}`);
      const knownFix = isEnglish || fix === '' ? undefined : known(`error.${code}.fix`);
      return {
        title: title ?? t('error.INTERNAL'),
        message,
        isForeign: !isEnglish && title !== undefined,
        fix: knownFix ?? fix,
      };
    },
    [isEnglish, known, t],
  );
}
