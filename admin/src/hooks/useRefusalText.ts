import { isFetchError, useAPIErrorHandler } from '@strapi/strapi/admin';
import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import { useKnownText } from './useKnownText';
import { useTranslation } from './useTranslation';

/**
 * Puts into words why a request was not done. The server writes English, which says more there; in another language the
 * status of the answer and its code say what it is.
 */
export function useRefusalText(): (error: unknown) => string {
  const t = useTranslation();
  const known = useKnownText();
  const { formatAPIError } = useAPIErrorHandler();
  const isEnglish = useIntl().locale.split('-')[0] === 'en';

  return useCallback(
    (error) => {
      if (!isFetchError(error)) return t('notification.unreachable');
      const { status } = error;
      // Strapi itself answers these, in words of its own ("Policy Failed").
      if (status === 401 || status === 403) return t('sync.loggedOut');
      if (status === 504) return t('notification.testTimeout');
      if (isEnglish) return formatAPIError(error);
      const code = codeOf(error.response?.data.error.details);
      const text = code === undefined ? undefined : (known(`conflict.${code}`) ?? known(`error.${code}`));
      if (text !== undefined) return text;
      if (status === 404) return t('notification.gone');
      return status === 409 ? t('notification.changed') : formatAPIError(error);
    },
    [formatAPIError, isEnglish, known, t],
  );
}

/** The code of the error, where the server gave one. */
function codeOf(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null || !('code' in details)) return undefined;
  return typeof details.code === 'string' ? details.code : undefined;
}
