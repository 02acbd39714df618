import { runEngine } from '../runEngine';
import { measureJob } from './measureJob';

/** The engine, as the command line and the server run it. */
void measureJob(async (job) => {
  await runEngine(job, { kind: job.direction === 'up' ? 'whole' : 'restore' });
});
