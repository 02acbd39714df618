import { noCounts } from '../sync/noCounts';
import { SyncError } from '../sync/SyncError';
import type { SyncReport } from '../sync/SyncReport';
import { describeError } from './describeError';

/**
 * The report of a run that failed outside the engine.
 *
 * @param startedAt ISO 8601
 */
export function failedReport(mode: 'SINGLE' | 'MULTI', error: unknown, startedAt: string): SyncReport {
  const message = describeError(error);
  return {
    mode,
    status: 'failed',
    ...noCounts(),
    durationMs: Date.now() - Date.parse(startedAt),
    requests: {},
    error:
      error instanceof SyncError
        ? { code: error.code, message: error.message, fix: error.fix }
        : { code: 'INTERNAL', message, fix: 'Look at the server log. If this stays, report it.' },
  };
}
