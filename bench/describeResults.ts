import { medianOf } from './medianOf';
import type { Result } from './runWorkload';
import type { Workload } from './workloads';

/**
 * A table in Markdown: medians for each contender, and the median of ours against it, round by round.
 *
 * @param results ours first.
 */
export function describeResults({ title }: Workload, results: readonly Result[]): string {
  const [ours] = results;
  const rows = results.map((result) => {
    if (result.droppedOut !== undefined) return `| ${result.contender} | ${result.droppedOut} | | | | | |`;
    const median = (read: (measured: Result['rounds'][number]) => number) => medianOf(result.rounds.map(read));
    const ratios = result.rounds.map(({ seconds }, round) => (ours?.rounds[round]?.seconds ?? NaN) / seconds);
    const cells = [
      result.contender,
      median(({ seconds }) => seconds).toFixed(2),
      median(({ cpuSeconds }) => cpuSeconds).toFixed(2),
      median(({ peakMiB }) => peakMiB).toFixed(0),
      median(({ peakMiB, idleMiB }) => peakMiB - idleMiB).toFixed(0),
      String(result.requests),
      result === ours ? '' : medianOf(ratios).toFixed(2),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    `### ${title}`,
    '',
    '| | time, s | CPU, s | peak, MiB | above idle, MiB | requests | ours / this |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
