import { servicesOf } from '../../server/src/services';
import type { StartedStrapi, StrapiProcess } from './strapi';
import { runDetailAnswer, runListAnswer, startedAnswer, type Run } from './adminAnswers';
import { waitUntil } from './waitUntil';

type App = Pick<StartedStrapi | StrapiProcess, 'admin'>;

/** The newest runs of a site. */
export async function listRuns({ admin }: App): Promise<Run[]> {
  const answer = await admin.get('/s3-sync/runs?pageSize=100').expect(200);
  return runListAnswer.parse(answer.body).results;
}

/** How many runs have ended, those that are not in the history too. */
export function countEndedRuns({ strapi }: Pick<StartedStrapi, 'strapi'>): number {
  const counts = Object.values(servicesOf(strapi).activity.read().runs);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Waits until all that was asked for is done and nothing runs: what gathers, and what is to be tried again, is waited for. */
export async function untilQuiet({ strapi }: Pick<StartedStrapi, 'strapi'>): Promise<void> {
  const { activity, runner } = servicesOf(strapi);
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);
  await waitUntil('all is quiet', async () => {
    const { events, skipped, retries, runs } = activity.read();
    const automatic = sum(runs) - (runs.button ?? 0) - (runs.cli ?? 0);
    const isDone = automatic === sum(events) - sum(skipped) + retries;
    return isDone && runner.current() === undefined ? true : undefined;
  });
}

/** Waits until that run has ended. */
export async function endOfRun({ admin }: App, id: number, timeoutMs?: number): Promise<Run> {
  const look = async (): Promise<Run | undefined> => {
    const answer = await admin.get(`/s3-sync/runs/${id}`).expect(200);
    const { run } = runDetailAnswer.parse(answer.body);
    return run.status === 'running' ? undefined : run;
  };
  return waitUntil(`run ${id} has ended`, look, timeoutMs);
}

/** Presses the button, again while another run goes on: one that has its end in the history may still be about to end. */
export async function startNow({ admin }: App, body: object = {}): Promise<Run> {
  return waitUntil('a run can be started', async () => {
    const answer = await admin.post('/s3-sync/runs').send(body);
    return answer.status === 409 ? undefined : startedAnswer.parse(answer.body).run;
  });
}

/** Presses the button and waits for the end. */
export async function syncNow(app: App, body: object = {}): Promise<Run> {
  const started = await startNow(app, body);
  return endOfRun(app, started.id);
}

/** Waits for the whole run that follows a start; on an older database, for one after that run. */
export async function endOfStart(app: App, after = 0, timeoutMs?: number): Promise<Run> {
  const run = await waitUntil('the run of the start', async () =>
    (await listRuns(app)).find(({ id, trigger }) => id > after && trigger === 'start'),
  );
  return endOfRun(app, run.id, timeoutMs);
}
