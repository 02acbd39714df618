import { isFetchError, useFetchClient } from '@strapi/strapi/admin';
import { useCallback, useEffect, useState } from 'react';

import type { SettingsAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

const SETTINGS_URL = `/${PLUGIN_ID}/settings`;

/** Settings as they are saved on the server. */
export interface SavedSettings {
  /** What the page goes by. Absent until it is loaded. */
  answer: SettingsAnswer | undefined;
  /** They could not be loaded. */
  failed: boolean;
  /** Somebody else has saved others since. */
  hasNewer: boolean;
  /** Goes by those from now on. */
  takeNewer: () => void;
  /** Asks the server whether somebody else has saved others. */
  check: () => void;
  /** Saves some settings and keeps the rest. Rejects with Strapi's `FetchError`; then nothing was saved. */
  save: (changes: object) => Promise<SettingsAnswer>;
}

interface Known {
  answer?: SettingsAnswer;
  newer?: SettingsAnswer;
}

/** Takes note of what the server said; settings that are still the same change nothing. */
function withAnswer({ answer }: Known, said: SettingsAnswer): Known {
  return answer === undefined || isSame(answer, said) ? { answer: said } : { answer, newer: said };
}

function isSame(one: SettingsAnswer, other: SettingsAnswer): boolean {
  const shown = ({ settings, locked }: SettingsAnswer) => JSON.stringify([settings, locked]);
  return shown(one) === shown(other);
}

/** Loads the settings and saves changes to them. */
export function useSettings(): SavedSettings {
  const { get, put } = useFetchClient();
  const [{ answer, newer }, setKnown] = useState<Known>({});
  const [failed, setFailed] = useState(false);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    let left = false;
    get<SettingsAnswer>(SETTINGS_URL).then(
      ({ data }) => {
        if (!left) setKnown((known) => withAnswer(known, data));
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
  }, [get, asked]);

  const check = useCallback(() => {
    setAsked((count) => count + 1);
  }, []);
  const takeNewer = useCallback(() => {
    setKnown((known) => (known.newer === undefined ? known : { answer: known.newer }));
  }, []);
  const save = useCallback(
    async (changes: object) => {
      const { data } = await put<SettingsAnswer>(SETTINGS_URL, changes);
      setKnown({ answer: data });
      return data;
    },
    [put],
  );

  // Once they are here, a question without an answer takes nothing away: the status says that the server is silent.
  return { answer, failed: failed && answer === undefined, hasNewer: newer !== undefined, takeNewer, check, save };
}
