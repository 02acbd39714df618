import type { Core } from '@strapi/strapi';
import type { RunAnswer } from '../routes/contract';
import { describeError } from './describeError';
import type { Log } from './log';

/** The event of a run that did not do all that was to be done, on `strapi.eventHub`. */
export const RUN_FAILED = 's3-sync.run.failed';

const FAILED: readonly RunAnswer['status'][] = ['failed', 'partial', 'refused'];

/**
 * Makes what tells others of such a run, so that a webhook or a mail can follow. Nobody waits for those who listen.
 * A run that fails again and again the same way is told of when it enters the history: once an hour.
 */
export function createFailureAnnouncer(strapi: Core.Strapi, log: Log): (run: RunAnswer) => void {
  return (run) => {
    if (!FAILED.includes(run.status)) return;
    strapi.eventHub.emit(RUN_FAILED, { run }).catch((error: unknown) => {
      log.warn(`Somebody who listens to ${RUN_FAILED} failed: ${describeError(error)}`);
    });
  };
}
