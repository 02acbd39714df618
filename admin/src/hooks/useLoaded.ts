import { useFetchClient } from '@strapi/strapi/admin';
import { useEffect, useState } from 'react';

import { PLUGIN_ID } from '../pluginId';

/** An answer of the server, as far as it is here. */
export interface Loaded<Answer> {
  /** The last one; while another is on its way it is the one before. */
  answer: Answer | undefined;
  /** The last request failed. */
  failed: boolean;
  /** An answer is on its way. */
  loading: boolean;
}

/**
 * Loads something from the plugin's API, and again whenever the question changes.
 *
 * @param path below `/s3-sync`; `undefined` asks nothing.
 * @param params of the query; those that are `undefined` or empty are left out.
 * @param version any text that changes when the answer may have changed.
 */
export function useLoaded<Answer>(
  path: string | undefined,
  params: Record<string, string | number | undefined> = {},
  version = '',
): Loaded<Answer> {
  const { get } = useFetchClient();
  const [answer, setAnswer] = useState<{ path: string; value: Answer }>();
  const [done, setDone] = useState<{ question: string; failed: boolean }>();
  const query = new URLSearchParams(
    Object.entries(params).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  ).toString();
  const question = JSON.stringify([path, query, version]);

  useEffect(() => {
    if (path === undefined) return undefined;
    let left = false;
    const end = (failed: boolean) => {
      setDone({ question, failed });
    };
    get<Answer>(`/${PLUGIN_ID}${path}${query === '' ? '' : `?${query}`}`).then(
      ({ data }) => {
        if (left) return;
        setAnswer({ path, value: data });
        end(false);
      },
      () => {
        if (!left) end(true);
      },
    );
    return () => {
      left = true;
    };
  }, [get, path, query, question]);

  const isAnswered = done?.question === question;
  return {
    // What was said of another thing is no answer.
    answer: answer?.path === path ? answer?.value : undefined,
    failed: isAnswered && done.failed,
    loading: path !== undefined && !isAnswered,
  };
}
