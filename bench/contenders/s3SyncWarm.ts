import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startInProjectStore } from '../../tests/support/stores';
import type { Job } from '../Job';
import { runEngine } from '../runEngine';
import { writeFiles } from '../writeTree';
import { measureJob } from './measureJob';

const FILES = 1_000;
const BYTES = 8 * 1024;

/** The engine in a process that has synced before, as a server's has: its code is compiled by then. */
void warmUp().then(() =>
  measureJob(async (job) => {
    await runEngine(job, { kind: job.direction === 'up' ? 'whole' : 'restore' });
  }),
);

/** Some files up and down again, with a store of this process, so that nobody counts its requests. */
async function warmUp(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-warm-'));
  const store = await startInProjectStore();
  const { endpoint, credentials } = store;
  const up: Job = {
    directory: path.join(folder, 'up'),
    bucket: await store.createBucket(),
    endpoint,
    credentials,
    direction: 'up',
  };
  const down: Job = { ...up, directory: path.join(folder, 'down'), direction: 'down' };
  await writeFiles(up.directory, 0, FILES, BYTES);
  await writeFiles(down.directory, 0, 1, BYTES);
  await runEngine(up, { kind: 'whole' });
  await runEngine(down, { kind: 'restore' });
  await store.server.close();
  await rm(folder, { recursive: true, force: true });
}
