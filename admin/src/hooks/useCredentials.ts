import { useFetchClient } from '@strapi/strapi/admin';
import { useEffect, useState } from 'react';

import type { CredentialsAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

/** Where the server gets its keys from; `unknown` where it could not be asked, absent until it has answered. */
export function useCredentials(): CredentialsAnswer['source'] | 'unknown' | undefined {
  const { get } = useFetchClient();
  const [source, setSource] = useState<CredentialsAnswer['source'] | 'unknown'>();

  useEffect(() => {
    let left = false;
    get<CredentialsAnswer>(`/${PLUGIN_ID}/credentials`).then(
      ({ data }) => {
        if (!left) setSource(data.source);
      },
      () => {
        if (!left) setSource('unknown');
      },
    );
    return () => {
      left = true;
    };
  }, [get]);

  return source;
}
