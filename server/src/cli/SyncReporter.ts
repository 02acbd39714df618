import type { CommandEvent, SyncAnswer } from '../commands/contract';
import type { RunAnswer } from '../routes/contract';
import type { KeyFailure } from '../sync/SyncReport';
import { failedOf } from './documents';
import { formatBytes, formatNumber, formatSeconds } from './format';
import type { Output } from './Output';
import { ProgressDisplay } from './ProgressDisplay';

/** Failures that are named one by one, unless more is asked for. */
const NAMED = 20;

const STATUS: Record<RunAnswer['status'], string> = {
  done: 'Done',
  refused: 'Refused',
  partial: 'Done in part',
  failed: 'Failed',
  cancelled: 'Cancelled',
  running: 'Running',
  interrupted: 'Interrupted',
};

/** Tells a person of a run: while it goes on, and how it ended. */
export class SyncReporter {
  readonly #output: Output;
  readonly #progress: ProgressDisplay;

  constructor(output: Output) {
    this.#output = output;
    this.#progress = new ProgressDisplay(output);
  }

  onEvent(event: CommandEvent): void {
    switch (event.kind) {
      case 'waiting':
        this.#output.note(`Waiting. ${event.message}`);
        return;
      case 'started':
        if (this.#output.verbose) this.#output.note(`Run ${event.run.id} started.`);
        return;
      case 'progress':
        this.#progress.show(event.progress, event.files);
        return;
      case 'forcing':
        this.#progress.clear();
        this.#output.note(`Guard ${event.refused.guard}: ${event.refused.message}`);
        this.#output.note('Going on all the same, because of --force.');
        return;
      case 'operations':
    }
  }

  /** Names what did not go well, on stderr. */
  tellFailures(answer: SyncAnswer): void {
    this.#progress.clear();
    const { run, failures } = answer;
    const conflicts = failures.filter(({ code }) => code === 'CONFLICT');
    this.#list('Conflicts:', conflicts, run.id);
    this.#list('Not in step:', failedOf(answer), run.id);
    if (run.refused) {
      this.#output.note(`Guard ${run.refused.guard}: ${run.refused.message} ${run.refused.fix}`);
      const canForce = run.refused.digest !== undefined || run.refused.guard === 'other-site';
      if (canForce) this.#output.note('To go on all the same: s3-sync sync --force');
    }
    if (run.error) this.#output.note(`Error: ${run.error.message} ${run.error.fix} (${run.error.code})`);
  }

  #list(title: string, failures: readonly KeyFailure[], runId: number): void {
    if (failures.length === 0) return;
    this.#output.note(title);
    const named = this.#output.verbose ? failures : failures.slice(0, NAMED);
    for (const { key, code, message, fix } of named) this.#output.note(`  ${key}: ${message} ${fix} (${code})`);
    const more = failures.length - named.length;
    if (more > 0) this.#output.note(`  … and ${formatNumber(more)} more: s3-sync runs ${runId}`);
  }
}

/** One or two lines on how a run ended. */
export function describeRun(run: RunAnswer, verbose: boolean): string {
  const counts = [
    `${formatNumber(run.uploaded)} uploaded`,
    ...(run.downloaded > 0 || run.mode === 'MULTI' ? [`${formatNumber(run.downloaded)} downloaded`] : []),
    `${formatNumber(run.deletedRemote)} deleted in the bucket`,
    ...(run.deletedLocal > 0 ? [`${formatNumber(run.deletedLocal)} deleted here`] : []),
    `${formatNumber(run.unchanged)} unchanged`,
    ...(run.conflicts > 0 ? [`${formatNumber(run.conflicts)} in conflict`] : []),
    ...(run.failed > 0 ? [`${formatNumber(run.failed)} failed`] : []),
    ...(run.withheld > 0 ? [`${formatNumber(run.withheld)} deletes withheld`] : []),
  ];
  const seconds = (run.durationMs ?? 0) / 1000;
  const duration = seconds < 10 ? `${seconds.toFixed(1)} s` : formatSeconds(seconds);
  const line = `${STATUS[run.status]} (run ${run.id}, ${duration}): ${counts.join(', ')}, ${formatBytes(run.bytes)}.`;
  const requests = Object.entries(run.requests).map(([kind, count]) => `${kind} ${formatNumber(count)}`);
  return verbose && requests.length > 0 ? `${line}\nRequests: ${requests.join(', ')}.` : line;
}
