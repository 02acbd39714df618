import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryFeed } from '../support/MemoryFeed';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';

const isLong = process.env.S3_SYNC_LONG === '1';
/** Runs that are measured, after as many as a tenth to get warm. */
const RUNS = isLong ? 500 : 40;
/** Bytes of memory per run that are noise; a listener or a buffer left behind in each run is far more. */
const NOISE_PER_RUN = isLong ? 8_000 : 60_000;
/** Open files and sockets that come and go with idle connections. */
const NOISE_OF_HANDLES = 8;

/** Many runs in one process, as a server does them in weeks. */
describe('Many runs in one process [in-project]', () => {
  test(`${RUNS} of them leave no memory, socket or open file behind`, async () => {
    const store = await startInProjectStore();
    const feed = new MemoryFeed();
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 2 } });
    for (let index = 0; index < 20; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    const collect = garbageCollector();
    const round = async (number: number): Promise<void> => {
      await site.write('uploads/0.txt', `content of run ${number}`);
      await store.server.putObject(site.bucketName, 'uploads/1.txt', `content of others ${number}`);
      // Runs that fail must leave nothing behind either.
      if (number % 5 === 0) store.server.fault({ kind: 'cut-body', match: { operation: 'GetObject' }, times: 1 });
      if (number % 7 === 0)
        store.server.fault({ kind: 'status', status: 403, match: { operation: 'PutObject' }, times: 1 });
      await site.run({ mode: 'MULTI', multi: { feed, trashDays: 0 } });
      store.server.clearFaults();
      store.server.clearRequests();
      feed.rows.length = 0;
    };
    const measure = (): { memory: number; handles: number } => {
      collect();
      return { memory: process.memoryUsage().heapUsed, handles: readdirSync('/proc/self/fd').length };
    };
    for (let number = 0; number < Math.max(10, RUNS / 10); number++) await round(number);
    const before = measure();
    for (let number = 0; number < RUNS; number++) await round(number);
    const after = measure();
    await site.dispose();
    await store.server.close();
    expect(after.handles - before.handles).toBeLessThanOrEqual(NOISE_OF_HANDLES);
    expect((after.memory - before.memory) / RUNS).toBeLessThan(NOISE_PER_RUN);
  }, 900_000);
});

/** The engine's own collector, without a flag at the start of the process. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  };
}
