import { useFetchClient } from '@strapi/strapi/admin';
import { useEffect, useState } from 'react';

import type { RunListAnswer } from '../../../server/src/routes/contract';
import { PLUGIN_ID } from '../pluginId';

/** Rows of the history on one page. */
export const RUNS_PAGE_SIZE = 10;

/** One page of the run history. */
export interface RunsPage {
  /** Absent until it is loaded. */
  runs: RunListAnswer | undefined;
  failed: boolean;
}

/**
 * Loads one page of the run history.
 *
 * @param page counted from 1.
 * @param version any text that changes when the history has changed; then the page is loaded again.
 */
export function useRuns(page: number, version: string): RunsPage {
  const { get } = useFetchClient();
  const [runs, setRuns] = useState<RunListAnswer>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    let left = false;
    get<RunListAnswer>(`/${PLUGIN_ID}/runs`, { params: { page, pageSize: RUNS_PAGE_SIZE } }).then(
      ({ data }) => {
        if (left) return;
        setRuns(data);
        setFailed(false);
      },
      () => {
        if (!left) setFailed(true);
      },
    );
    return () => {
      left = true;
    };
  }, [get, page, version]);

  return { runs, failed };
}
