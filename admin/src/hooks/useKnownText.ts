import { useCallback } from 'react';
import { useIntl, type PrimitiveType } from 'react-intl';

import { PLUGIN_ID } from '../pluginId';
import { useTranslation, type MessageKey } from './useTranslation';

/** Gives the text for a key that is made of a code of the server; nothing for a code that this page does not know. */
export type KnownText = (key: string, values?: Record<string, PrimitiveType>) => string | undefined;

/** The plugin's texts for what the server names by a code, which may be newer than this page. */
export function useKnownText(): KnownText {
  const t = useTranslation();
  const { messages } = useIntl();

  return useCallback<KnownText>(
    (key, values) => {
      const isKnown = (name: string): name is MessageKey => `${PLUGIN_ID}.${name}` in messages;
      return isKnown(key) ? t(key, values) : undefined;
    },
    [messages, t],
  );
}
