import { noCounts } from '../../server/src/sync/noCounts';
import type { SyncReport } from '../../server/src/sync/SyncReport';

/** The report of a run that found nothing to do, but for what is given. */
export function makeReport(more: Partial<SyncReport> = {}): SyncReport {
  return {
    mode: 'SINGLE',
    status: 'done',
    ...noCounts(),
    unchanged: 7,
    durationMs: 5,
    requests: {},
    ...more,
  };
}
