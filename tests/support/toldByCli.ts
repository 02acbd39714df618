import { exitCodeOfStatus } from '../../server/src/cli/exitCodes';
import { Output } from '../../server/src/cli/Output';
import { describeRun, SyncReporter } from '../../server/src/cli/SyncReporter';
import type { RunAnswer } from '../../server/src/routes/contract';
import type { RunResult } from './SyncedDirectory';

/** What the command line makes of a run. */
export interface ToldRun {
  exitCode: number;
  /** All it prints: the line of the counts, and what did not go well with its fix. */
  text: string;
}

/** How `s3-sync sync` tells of a run of the engine, by the command line's own code. */
export function toldByCli({ failures, multi: _multi, ...report }: RunResult): ToldRun {
  const run: RunAnswer = { id: 1, trigger: 'cli', startedAt: new Date().toISOString(), ...report };
  const printed: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: unknown): boolean => {
    printed.push(String(chunk));
    return true;
  };
  try {
    new SyncReporter(new Output({ json: false, verbose: true })).tellFailures({ run, failures });
  } finally {
    process.stderr.write = write;
  }
  return { exitCode: exitCodeOfStatus(report.status), text: `${describeRun(run, false)}\n${printed.join('')}` };
}
