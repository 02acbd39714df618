import { useFetchClient } from '@strapi/strapi/admin';
import { useEffect, useState } from 'react';

import type { RunDetailAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

/** One run with one page of its failures. */
export interface RunDetail {
  /** Absent until it is loaded. */
  detail: RunDetailAnswer | undefined;
  failed: boolean;
}

/**
 * Loads a run and one page of its failures.
 *
 * @param page counted from 1.
 * @param pageSize failures on a page.
 */
export function useRunDetail(runId: number, page: number, pageSize: number): RunDetail {
  const { get } = useFetchClient();
  const [detail, setDetail] = useState<RunDetailAnswer>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let left = false;
    get<RunDetailAnswer>(`/${PLUGIN_ID}/runs/${runId}`, { params: { page, pageSize } }).then(
      ({ data }) => {
        if (left) return;
        setDetail(data);
        setFailed(false);
      },
      () => {
        if (!left) setFailed(true);
      },
    );
    return () => {
      left = true;
    };
  }, [get, runId, page, pageSize]);

  return { detail: detail?.run.id === runId ? detail : undefined, failed };
}
