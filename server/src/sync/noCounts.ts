import type { SyncReport } from './SyncReport';

/** What a run counts. */
export type Counts = Pick<
  SyncReport,
  | 'uploaded'
  | 'downloaded'
  | 'deletedRemote'
  | 'deletedLocal'
  | 'unchanged'
  | 'conflicts'
  | 'failed'
  | 'withheld'
  | 'bytes'
>;

/** The counts of a run that has done nothing yet. */
export function noCounts(): Counts {
  return {
    uploaded: 0,
    downloaded: 0,
    deletedRemote: 0,
    deletedLocal: 0,
    unchanged: 0,
    conflicts: 0,
    failed: 0,
    withheld: 0,
    bytes: 0,
  };
}
