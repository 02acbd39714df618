import type { SyncReport } from '../../server/src/sync/SyncReport';

/** The report of a run that found nothing to do, but for what is given. */
export function makeReport(more: Partial<SyncReport> = {}): SyncReport {
  return {
    mode: 'SINGLE',
    status: 'done',
    uploaded: 0,
    downloaded: 0,
    deletedRemote: 0,
    deletedLocal: 0,
    unchanged: 7,
    conflicts: 0,
    failed: 0,
    withheld: 0,
    bytes: 0,
    durationMs: 5,
    requests: {},
    ...more,
  };
}
