import { useCallback } from 'react';
import { useIntl, type PrimitiveType } from 'react-intl';

import { PLUGIN_ID } from '../pluginId';
import type en from '../translations/en.json';

/** A key of the English texts: a text that does not exist is a type error. */
export type MessageKey = keyof typeof en;

/** Gives the text for a key, its placeholders filled in. */
export type Translate = (key: MessageKey, values?: Record<string, PrimitiveType>) => string;

/** The plugin's texts in the language of the administrator. */
export function useTranslation(): Translate {
  const intl = useIntl();
  return useCallback<Translate>((key, values) => intl.formatMessage({ id: `${PLUGIN_ID}.${key}` }, values), [intl]);
}
