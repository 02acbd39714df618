import { answers } from '../commands/contract';
import { currentUserName } from '../socket/currentUser';
import type { Context } from './Command';
import { toSyncDocument } from './documents';
import { exitCodeOfStatus } from './exitCodes';
import { describeRun, SyncReporter } from './SyncReporter';

/** What is asked of a run. */
export interface SyncWish {
  scope: 'whole' | 'restore';
  force: boolean;
  wait: boolean;
}

/**
 * Runs a sync to its end and prints how it went.
 *
 * @returns the exit code.
 */
export async function runSync(wish: SyncWish, { session, output }: Context): Promise<number> {
  const reporter = new SyncReporter(output);
  const answer = await session.call(
    { command: 'sync', ...wish, startedBy: currentUserName() },
    answers.sync,
    (event) => {
      reporter.onEvent(event);
    },
  );
  reporter.tellFailures(answer);
  output.answer(toSyncDocument(answer), describeRun(answer.run, output.verbose));
  return exitCodeOfStatus(answer.run.status);
}
