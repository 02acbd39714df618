import { isFetchError, useFetchClient } from '@strapi/strapi/admin';
import { useCallback, useEffect, useState } from 'react';

import type { SettingsAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

const SETTINGS_URL = `/${PLUGIN_ID}/settings`;

/** Settings as they are saved on the server. */
export interface SavedSettings {
  /** Absent until they are loaded. */
  answer: SettingsAnswer | undefined;
  /** They could not be loaded. */
  failed: boolean;
  /** Saves some settings and keeps the rest. Rejects with Strapi's `FetchError`; then nothing was saved. */
  save: (changes: object) => Promise<SettingsAnswer>;
}

/** Loads the settings once and saves changes to them. */
export function useSettings(): SavedSettings {
  const { get, put } = useFetchClient();
  const [answer, setAnswer] = useState<SettingsAnswer>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let left = false;
    get<SettingsAnswer>(SETTINGS_URL).then(
      ({ data }) => {
        if (!left) setAnswer(data);
      },
      (error: unknown) => {
        if (left) return;
        if (!isFetchError(error)) console.error(error);
        setFailed(true);
      },
    );
    return () => {
      left = true;
    };
  }, [get]);

  const save = useCallback(
    async (changes: object) => {
      const { data } = await put<SettingsAnswer>(SETTINGS_URL, changes);
      setAnswer(data);
      return data;
    },
    [put],
  );

  return { answer, failed, save };
}
