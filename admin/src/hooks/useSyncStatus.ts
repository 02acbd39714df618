import { isFetchError, useFetchClient } from '@strapi/strapi/admin';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { StatusAnswer } from '../../../server/src/routes/contract';
import { paceOf, withSample, type Pace, type Sample } from '../pace';
import { PLUGIN_ID } from '../pluginId';

/** Milliseconds between two questions while a sync runs, and while none does. */
const RUNNING_INTERVAL = 1000;
const IDLE_INTERVAL = 5000;

/** What the server says is going on, kept fresh while the page is visible. */
export interface WatchedStatus {
  /** Absent until the first answer. */
  status: StatusAnswer | undefined;
  /** How fast the run goes, measured between the answers. */
  pace: Pace;
  /** The last question got no answer; `status` is then the last known one. */
  unreachable: boolean;
  /** The last question was refused: the login has ended, or the role was changed. */
  loggedOut: boolean;
  /** Asks at once instead of at the next interval. */
  refresh: () => void;
}

/**
 * Polls the status: a run started in another browser, or before this page was loaded, shows up here too.
 * Server-sent events are no way, since an `EventSource` cannot carry the administrator's token.
 */
export function useSyncStatus(): WatchedStatus {
  const { get } = useFetchClient();
  const [status, setStatus] = useState<StatusAnswer>();
  const samples = useRef<Sample[]>([]);
  const [pace, setPace] = useState<Pace>({});
  const [unreachable, setUnreachable] = useState(false);
  const [loggedOut, setLoggedOut] = useState(false);
  const [asked, setAsked] = useState(0);
  const refresh = useCallback(() => {
    setAsked((count) => count + 1);
  }, []);

  useEffect(() => {
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const poll = async () => {
      let interval = IDLE_INTERVAL;
      try {
        const { data } = await get<StatusAnswer>(`/${PLUGIN_ID}/status`);
        if (left) return;
        samples.current = withSample(samples.current, data.running, performance.now());
        setPace(paceOf(samples.current, data.running?.files));
        setStatus(data);
        setUnreachable(false);
        setLoggedOut(false);
        if (data.running ?? data.previewing) interval = RUNNING_INTERVAL;
      } catch (error) {
        if (left) return;
        // Whatever the reason, the page says that what it shows may be old, and asks again.
        const refused = isFetchError(error) && (error.status === 401 || error.status === 403);
        setLoggedOut(refused);
        setUnreachable(!refused);
      }
      if (!document.hidden) timer = setTimeout(() => void poll(), interval);
    };
    const pollWhenVisible = () => {
      clearTimeout(timer);
      if (!document.hidden) void poll();
    };

    void poll();
    document.addEventListener('visibilitychange', pollWhenVisible);
    // Who comes back from a terminal wants to see what was done there.
    window.addEventListener('focus', pollWhenVisible);
    return () => {
      left = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', pollWhenVisible);
      window.removeEventListener('focus', pollWhenVisible);
    };
  }, [get, asked]);

  return { status, pace, unreachable, loggedOut, refresh };
}
