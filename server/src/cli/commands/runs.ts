import { CommandError } from '../../commands/CommandError';
import { answers } from '../../commands/contract';
import type { RunAnswer } from '../../routes/contract';
import type { Command, Context } from '../Command';
import { EXIT } from '../exitCodes';
import { formatNumber, formatTable } from '../format';
import { readCount } from '../readCount';
import { describeRun } from '../SyncReporter';

const DEFAULT_LIMIT = 20;

/** `s3-sync runs [id]` */
export const runs: Command = {
  name: 'runs',
  summary: 'Show the history of runs, or one run with what failed in it',
  usage: 'runs [<id>] [--limit=<number>]',
  help: `Options:
  --limit=<number>   how many runs, the newest first (20)`,
  examples: ['s3-sync runs', 's3-sync runs 12', 's3-sync runs --limit=1 --json'],
  options: { limit: { type: 'string' } },
  words: { min: 0, max: 1 },

  async run({ words: [id], options }, context) {
    if (id !== undefined) return showRun(id, context);
    const { session, output } = context;
    const pageSize = readCount('limit', options.limit, DEFAULT_LIMIT, 200);
    const found = await session.call({ command: 'runs', page: 1, pageSize }, answers.runs);
    const rows = found.results.map((run) => [
      String(run.id),
      run.startedAt,
      run.startedBy === undefined ? run.trigger : `${run.trigger} (${run.startedBy})`,
      run.status,
      describeCounts(run),
    ]);
    output.answer(found, rows.length === 0 ? 'There was no run yet.' : formatTable(rows));
    return EXIT.done;
  },
};

async function showRun(typed: string, { session, output }: Context): Promise<number> {
  if (!/^\d{1,9}$/.test(typed)) {
    throw new CommandError({
      code: 'USAGE',
      message: `${typed} is not the number of a run.`,
      fix: 'See: s3-sync runs',
    });
  }
  const found = await session.call({ command: 'run', id: Number(typed) }, answers.run);
  const { run, failures, pagination } = found;
  const lines = [
    `${run.startedAt} ${run.trigger}${run.startedBy === undefined ? '' : ` (${run.startedBy})`}`,
    describeRun(run, true),
    ...(run.refused ? [`Guard ${run.refused.guard}: ${run.refused.message} ${run.refused.fix}`] : []),
    ...(run.error ? [`Error: ${run.error.message} ${run.error.fix} (${run.error.code})`] : []),
    ...failures.map(({ key, message, fix, code }) => `  ${key}: ${message} ${fix} (${code})`),
    ...(pagination.total > failures.length ? [`  … and ${formatNumber(pagination.total - failures.length)} more`] : []),
  ];
  output.answer(found, lines.join('\n'));
  return EXIT.done;
}

function describeCounts({ uploaded, downloaded, deletedRemote, deletedLocal, failed, withheld }: RunAnswer): string {
  const deleted = deletedRemote + deletedLocal;
  const counts = [
    [uploaded, 'uploaded'],
    [downloaded, 'downloaded'],
    [deleted, 'deleted'],
    [failed, 'failed'],
    [withheld, 'withheld'],
  ] as const;
  const told = counts.filter(([count]) => count > 0).map(([count, what]) => `${formatNumber(count)} ${what}`);
  return told.length === 0 ? 'nothing to do' : told.join(', ');
}
