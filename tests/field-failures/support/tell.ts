import type { RunResult } from '../../support/SyncedDirectory';
import { toldByCli, type ToldRun } from '../../support/toldByCli';
import { entries } from '../table/entries';
import { expectUnderstood } from './expectUnderstood';

/**
 * How a run of a test is told to a person: by the command line, and on the page, which must have cause and fix of it in
 * each of its languages. All of it must be what the test's entry of the table names.
 */
export function tell(run: RunResult): ToldRun {
  const { error, refused, failures, status } = run;
  // One for each code: what is true of fifty files needs no fifty looks.
  const byCode = new Map(failures.map((failure) => [failure.code, failure]));
  for (const failure of byCode.values()) expectUnderstood({ kind: 'failure', failure });
  if (error) expectUnderstood({ kind: 'error', error });
  if (refused) expectUnderstood({ kind: 'refusal', refusal: refused });
  if (status === 'done') expectUnderstood({ kind: 'done' });

  const number = /(?:^|\] )(\d+)\. /.exec(expect.getState().currentTestName ?? '')?.[1];
  const page = entries.find((entry) => String(entry.number) === number)?.page;
  if (page) {
    // A conflict is no failure: both versions are there.
    const errors = [...byCode.keys(), ...(error ? [error.code] : [])].filter((code) => code !== 'CONFLICT');
    const unnamed = [
      ...errors.filter((code) => !page.errors?.includes(code)),
      ...(refused && !page.guards?.includes(refused.guard) ? [refused.guard] : []),
      ...(status === 'done' && !page.done ? [status] : []),
    ];
    expect({ entry: number, unnamed }).toEqual({ entry: number, unnamed: [] });
  }
  return toldByCli(run);
}
