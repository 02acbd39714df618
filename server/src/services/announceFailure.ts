import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import type { RunAnswer } from '../routes/contract';
import { describeError } from './describeError';
import type { Log } from './log';

/** The event of a run that did not do all that was to be done, on `strapi.eventHub`. */
export const RUN_FAILED = 's3-sync.run.failed';

const FAILED: readonly RunAnswer['status'][] = ['failed', 'partial', 'refused'];

/** Those who listen get so long, in ms, where a process is about to end: as long as Strapi gives a webhook. */
const SETTLE_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** Tells others of a run that did not do all, so that a webhook or a mail can follow. */
export interface FailureAnnouncer {
  /** Nobody waits for those who listen. A run that fails again and again the same way is told of once an hour. */
  announce(run: RunAnswer): void;
  /**
   * Waits until all who were told have done what they do.
   *
   * @param signal ends the wait.
   * @param atMostMs ends it, too; 10 s where it is not said.
   */
  settle(signal: AbortSignal, atMostMs?: number): Promise<void>;
}

/** Strapi sends webhooks from a queue, for which nobody can wait. */
const webhookRunner = z.object({ queue: z.object({ running: z.number() }) });

/** What an announcer needs of Strapi. */
interface Announcing {
  eventHub: Pick<Core.Strapi['eventHub'], 'emit'>;
  get(name: 'webhookRunner'): unknown;
}

/** Makes the announcer of one Strapi. */
export function createFailureAnnouncer(strapi: Announcing, log: Log): FailureAnnouncer {
  const telling = new Set<Promise<void>>();
  let hasTold = false;

  async function tell(run: RunAnswer): Promise<void> {
    try {
      await strapi.eventHub.emit(RUN_FAILED, { run });
    } catch (error) {
      log.warn(`Somebody who listens to ${RUN_FAILED} failed: ${describeError(error)}`);
    }
  }

  function isSettled(): boolean {
    if (telling.size > 0) return false;
    const runner = webhookRunner.safeParse(strapi.get('webhookRunner'));
    return !runner.success || runner.data.queue.running === 0;
  }

  return {
    announce(run) {
      if (!FAILED.includes(run.status)) return;
      hasTold = true;
      const told = tell(run).finally(() => telling.delete(told));
      telling.add(told);
    },

    async settle(signal, atMostMs = SETTLE_MS) {
      if (!hasTold) return;
      const until = Date.now() + atMostMs;
      while (!isSettled() && Date.now() < until && !signal.aborted) {
        await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
