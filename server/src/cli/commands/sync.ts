import { CommandError } from '../../commands/CommandError';
import { answers } from '../../commands/contract';
import type { PlannedOperation } from '../../sync/PlannedOperation';
import type { Command, Context } from '../Command';
import { toPlanDocument } from '../documents';
import { EXIT, exitCodeOfStatus } from '../exitCodes';
import { formatBytes, formatNumber, formatTable } from '../format';
import { runSync } from '../runSync';
import { SyncReporter } from '../SyncReporter';

/** `s3-sync sync [--dry-run] [--force] [--wait]` */
export const sync: Command = {
  name: 'sync',
  aliases: ['ss-sync'],
  summary: 'Sync the files with the bucket now',
  usage: 'sync [--dry-run] [--force] [--wait] [--verbose]',
  help: `Options:
  --dry-run   show what would be done, and do nothing
  --force     go on where a guard withholds deletes, or the bucket belongs to another site; the guard is named first
  --wait      wait for a run that goes on, instead of ending with an error
  --verbose   name each file as it is begun, all failures, and the requests

Ctrl-C cancels the run. What is done by then stays done.

Exit codes: 0 done, 1 error, 2 settings are missing, 3 a guard withheld deletes, 4 some files failed, 130 cancelled.`,
  examples: ['s3-sync sync', 's3-sync sync --dry-run', 's3-sync sync --wait --json | jq .uploaded'],
  options: { 'dry-run': { type: 'boolean' }, force: { type: 'boolean' }, wait: { type: 'boolean' } },
  words: { min: 0, max: 0 },

  async run({ options }, context) {
    const wait = options.wait === true;
    const force = options.force === true;
    if (options['dry-run'] !== true) return runSync({ scope: 'whole', force, wait }, context);
    if (!force) return showPlan(wait, context);
    throw new CommandError({ code: 'USAGE', message: '--dry-run and --force exclude each other.', fix: '' });
  },
};

async function showPlan(wait: boolean, { session, output }: Context): Promise<number> {
  const operations: PlannedOperation[] = [];
  const reporter = new SyncReporter(output);
  const plan = await session.call({ command: 'plan', wait }, answers.plan, (event) => {
    if (event.kind === 'operations') operations.push(...event.operations);
    else reporter.onEvent(event);
  });
  const { report, failures } = plan;
  for (const { key, message, fix, code } of failures) output.note(`${key}: ${message} ${fix} (${code})`);
  if (report.refused) output.note(`Guard ${report.refused.guard}: ${report.refused.message} ${report.refused.fix}`);
  if (report.error) output.note(`Error: ${report.error.message} ${report.error.fix} (${report.error.code})`);
  output.answer(toPlanDocument(plan, operations), report.error ? '' : describePlan(operations));
  // A plan that withholds deletes, or leaves files out, ends as its run would.
  return report.status === 'done' ? EXIT.done : exitCodeOfStatus(report.status);
}

function describePlan(operations: readonly PlannedOperation[]): string {
  if (operations.length === 0) return 'Nothing to do.';
  const rows = operations.map(({ key, action, reason, size }) => [action, formatBytes(size), `${key} (${reason})`]);
  const noun = operations.length === 1 ? 'operation' : 'operations';
  return `${formatTable(rows)}\n${formatNumber(operations.length)} ${noun}. Nothing was done: this is a dry run.`;
}
