import { useFetchClient } from '@strapi/strapi/admin';
import { useCallback, useState } from 'react';

import type { ConnectionTestAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

/** A test of the connection, and what came of the last one. */
export interface ConnectionTesting {
  result: ConnectionTestAnswer | undefined;
  testing: boolean;
  /** Tries settings that need not be saved. Rejects with Strapi's `FetchError`; then nothing was tried. */
  test: (changes: object) => Promise<void>;
}

/** Tests connections, one at a time. */
export function useConnectionTest(): ConnectionTesting {
  const { post } = useFetchClient();
  const [result, setResult] = useState<ConnectionTestAnswer>();
  const [testing, setTesting] = useState(false);

  const test = useCallback(
    async (changes: object) => {
      setTesting(true);
      setResult(undefined);
      try {
        const { data } = await post<ConnectionTestAnswer>(`/${PLUGIN_ID}/connection-test`, changes);
        setResult(data);
      } finally {
        setTesting(false);
      }
    },
    [post],
  );

  return { result, testing, test };
}
