import { isFetchError, useFetchClient, useNotification } from '@strapi/strapi/admin';
import { useCallback, useState } from 'react';

import type { StartRunRequest } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';
import { useRefusalText } from './useRefusalText';

/** What an administrator can make a sync do. */
export interface SyncActions {
  /** Starts a run. A refusal of the server becomes a notification. */
  start: (request?: StartRunRequest) => Promise<void>;
  /** Asks a run to stop. */
  cancel: (runId: number) => Promise<void>;
  /** A request is on its way. */
  busy: boolean;
}

/**
 * Starts and cancels runs.
 *
 * @param onDone called after each request, whatever came of it, so that the status can be asked again.
 */
export function useSyncActions(onDone: () => void): SyncActions {
  const { post } = useFetchClient();
  const { toggleNotification } = useNotification();
  const refusalText = useRefusalText();
  const [busy, setBusy] = useState(false);

  const send = useCallback(
    async (url: string, body: object) => {
      setBusy(true);
      try {
        await post(url, body);
      } catch (error) {
        toggleNotification({
          type: isFetchError(error) && error.status === 409 ? 'info' : 'danger',
          message: refusalText(error),
        });
      } finally {
        setBusy(false);
        onDone();
      }
    },
    [post, refusalText, toggleNotification, onDone],
  );

  const start = useCallback((request: StartRunRequest = {}) => send(`/${PLUGIN_ID}/runs`, request), [send]);
  const cancel = useCallback((runId: number) => send(`/${PLUGIN_ID}/runs/${runId}/cancel`, {}), [send]);

  return { start, cancel, busy };
}
