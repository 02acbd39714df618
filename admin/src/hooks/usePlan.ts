import { useCallback, useEffect, useState } from 'react';

import type { PlanAnswer, PlanListAnswer, StartPlanAnswer } from '../../../server/src/routes/contract';
import { useLoaded } from './useLoaded';
import { usePost } from './usePost';

/** Milliseconds between two questions while a plan is made. */
const INTERVAL_MS = 1_000;

/** The newest plan on the server, and what can be done about it. */
export interface NewestPlan {
  /** `undefined` where there is none, or it is not known yet. */
  plan: PlanAnswer | undefined;
  /** Whether there is one is not known yet. */
  loading: boolean;
  failed: boolean;
  /** Makes a new one. */
  make: () => Promise<void>;
  /** Ends the one that is being made. */
  cancel: () => Promise<void>;
  /** A request is on its way. */
  busy: boolean;
}

/** Follows the newest plan: one that is made goes on when the page is left or reloaded. */
export function useNewestPlan(): NewestPlan {
  const [asked, setAsked] = useState(0);
  const { answer, failed, loading } = useLoaded<PlanListAnswer>('/plans', {}, String(asked));
  const { send, busy } = usePost();
  const plan = answer?.results[0];
  const isMade = plan?.status === 'making';

  const ask = useCallback(() => {
    setAsked((count) => count + 1);
  }, []);

  useEffect(() => {
    if (!isMade && !failed) return undefined;
    const timer = setInterval(ask, INTERVAL_MS);
    return () => {
      clearInterval(timer);
    };
  }, [isMade, failed, ask]);

  const make = useCallback(async () => {
    await send<StartPlanAnswer>('/plans');
    ask();
  }, [send, ask]);

  const cancel = useCallback(async () => {
    if (plan) await send(`/plans/${plan.id}/cancel`);
    ask();
  }, [send, ask, plan]);

  return { plan, loading: loading && answer === undefined, failed, make, cancel, busy };
}
