import { isFetchError, useFetchClient, useNotification } from '@strapi/strapi/admin';
import { useCallback, useState } from 'react';

import { PLUGIN_ID } from '../pluginId';
import { useRefusalText } from './useRefusalText';

/** Sends what a button asks for. */
export interface Post {
  /**
   * @param path below `/s3-sync`.
   * @returns the answer, or `undefined` where the server refused; a notification has said why.
   */
  send: <Answer>(path: string, body?: object) => Promise<Answer | undefined>;
  /** A request is on its way. */
  busy: boolean;
}

/** Posts to the plugin's API; what is refused becomes a notification. */
export function usePost(): Post {
  const { post } = useFetchClient();
  const { toggleNotification } = useNotification();
  const refusalText = useRefusalText();
  const [busy, setBusy] = useState(false);

  const send = useCallback(
    async <Answer>(path: string, body: object = {}) => {
      setBusy(true);
      try {
        return (await post<Answer>(`/${PLUGIN_ID}${path}`, body)).data;
      } catch (error) {
        const isBusy = isFetchError(error) && error.status === 409;
        toggleNotification({ type: isBusy ? 'warning' : 'danger', message: refusalText(error) });
        return undefined;
      } finally {
        setBusy(false);
      }
    },
    [post, refusalText, toggleNotification],
  );

  return { send, busy };
}
