import type { RunAnswer } from '../routes/contract';
import type { SyncReport } from '../sync/SyncReport';
import type { Log } from './log';

/** Writes one line on how a run ended. A run that found nothing to do is only worth a debug line. */
export function logReport(log: Log, run: Pick<RunAnswer, 'id' | 'trigger'>, report: SyncReport): void {
  const line = `Run ${run.id} (${run.trigger}): ${report.status}. ${describeCounts(report)}`;
  const { error, refused } = report;
  if (report.baseForgotten) {
    log.warn(
      'Most files here were replaced since the last run, as by a restored backup. So every file was compared with the bucket anew: an older version does not replace a newer one, and nothing counts as deleted.',
    );
  }
  if (error !== undefined && report.status !== 'cancelled') {
    log.error(`${line} ${error.message} ${error.fix} (${error.code})`);
  } else if (refused !== undefined) {
    log.warn(`${line} ${refused.message} ${refused.fix}`);
  } else if (report.failed > 0 || report.withheld > 0 || report.conflicts > 0) {
    log.warn(`${line} The files and the reasons are in the run history.`);
  } else if (report.uploaded + report.downloaded + report.deletedRemote + report.deletedLocal > 0) {
    log.info(line);
  } else {
    log.debug(line);
  }
}

function describeCounts(report: SyncReport): string {
  const { mode, uploaded, downloaded, deletedRemote, deletedLocal, unchanged, conflicts, failed, withheld } = report;
  const { bytes, durationMs } = report;
  const counts = [`${uploaded} uploaded`, `${deletedRemote} deleted in the bucket`];
  if (mode === 'MULTI') counts.push(`${downloaded} downloaded`, `${deletedLocal} deleted here`);
  counts.push(`${unchanged} unchanged`);
  if (conflicts > 0) counts.push(`${conflicts} in conflict`);
  if (failed > 0) counts.push(`${failed} failed`);
  if (withheld > 0) counts.push(`${withheld} deletes withheld`);
  return `${counts.join(', ')}, ${bytes} bytes in ${(durationMs / 1000).toFixed(1)} s.`;
}
