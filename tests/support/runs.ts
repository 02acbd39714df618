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

/** Waits until that run has ended. */
export async function endOfRun({ admin }: App, id: number, timeoutMs?: number): Promise<Run> {
  const look = async (): Promise<Run | undefined> => {
    const answer = await admin.get(`/s3-sync/runs/${id}`).expect(200);
    const { run } = runDetailAnswer.parse(answer.body);
    return run.status === 'running' ? undefined : run;
  };
  return waitUntil(`run ${id} has ended`, look, timeoutMs);
}

/** Presses the button, also after a run that is about to end, and waits for the end. */
export async function syncNow(app: App, body: object = {}): Promise<Run> {
  const started = await waitUntil('a run can be started', async () => {
    const answer = await app.admin.post('/s3-sync/runs').send(body);
    return answer.status === 409 ? undefined : startedAnswer.parse(answer.body).run;
  });
  return endOfRun(app, started.id);
}

/** Waits for the whole run that follows a start; on an older database, for one after that run. */
export async function endOfStart(app: App, after = 0, timeoutMs?: number): Promise<Run> {
  const run = await waitUntil('the run of the start', async () =>
    (await listRuns(app)).find(({ id, trigger }) => id > after && trigger === 'start'),
  );
  return endOfRun(app, run.id, timeoutMs);
}
