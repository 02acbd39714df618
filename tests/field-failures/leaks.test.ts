import { readdirSync, readlinkSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryFeed } from '../support/MemoryFeed';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';
import { pause } from '../support/waitUntil';

const MIB = 1024 * 1024;
const isLong = process.env.S3_SYNC_LONG === '1';
/** Runs that are measured, after as many as a tenth to get warm. */
const RUNS = isLong ? 500 : 40;
/** Bytes of memory per run that are noise; a listener or a buffer left behind in each run is far more. */
const NOISE_PER_RUN = isLong ? 8_000 : 60_000;
/** Bytes of the whole process: what the allocators keep for later is no leak, and comes and goes by tens of MiB. */
const NOISE_OF_PROCESS = 128 * MIB;
/** Open files, sockets and timers that come and go; one left behind in each run is far more. */
const NOISE_OF_HANDLES = 8;
/** A closed connection goes away when its other end has heard of it: a moment, on a busy machine many of them. */
const SETTLES_WITHIN_MS = 30_000;

interface Held {
  /** Objects, and buffers beside the heap. */
  memory: number;
  /** The whole process. */
  rss: number;
  /** Open files, sockets, timers: how many of each kind. */
  handles: Record<string, number>;
}

/** Many runs in one process, as a server does them in weeks. */
describe('Many runs in one process [in-project]', () => {
  test(`${RUNS} of them leave no memory, socket, timer or open file behind`, async () => {
    const store = await startInProjectStore();
    const feed = new MemoryFeed();
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 2 } });
    for (let index = 0; index < 20; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    const collect = garbageCollector();
    const round = async (number: number): Promise<void> => {
      await site.write('uploads/0.txt', `content of run ${number}`);
      await store.server.putObject(site.bucketName, 'uploads/1.txt', `content of others ${number}`);
      if (number % 9 === 0) await site.write('uploads/large.bin', Buffer.alloc(9 * MIB, `large ${number}`));
      if (number % 11 === 0)
        await store.server.putObject(site.bucketName, 'uploads/other.bin', Buffer.alloc(2 * MIB, `other ${number}`));
      // Runs that fail must leave nothing behind either.
      if (number % 5 === 0) store.server.fault({ kind: 'cut-body', match: { operation: 'GetObject' }, times: 1 });
      if (number % 6 === 0) store.server.fault({ kind: 'reset', match: { operation: 'UploadPart' } });
      if (number % 7 === 0)
        store.server.fault({ kind: 'status', status: 403, match: { operation: 'PutObject' }, times: 1 });
      await site.run({ mode: 'MULTI', multi: { feed, trashDays: 0 } });
      store.server.clearFaults();
      store.server.clearRequests();
      feed.rows.length = 0;
    };
    const measure = (): Held => {
      collect();
      const { heapUsed, external, rss } = process.memoryUsage();
      return { memory: heapUsed + external, rss, handles: handlesByKind() };
    };
    for (let number = 0; number < Math.max(10, RUNS / 10); number++) await round(number);
    const before = measure();
    for (let number = 0; number < RUNS; number++) await round(number);
    let after = measure();
    const giveUpAt = Date.now() + SETTLES_WITHIN_MS;
    while (Object.keys(moreHandles(before, after)).length > 0 && Date.now() < giveUpAt) {
      await pause(100);
      after = measure();
    }
    await site.dispose();
    await store.server.close();
    expect({ grown: moreHandles(before, after), before, after }).toEqual({ grown: {}, before, after });
    expect((after.memory - before.memory) / RUNS).toBeLessThan(NOISE_PER_RUN);
    expect(after.rss - before.rss).toBeLessThan(NOISE_OF_PROCESS);
    if (isLong) process.stderr.write(`${RUNS} runs: ${JSON.stringify({ before, after })}\n`);
  }, 900_000);
});

/** How many more there are of each kind, where that is more than noise. */
function moreHandles(before: Held, after: Held): Record<string, number> {
  const grown = Object.entries(after.handles).map(
    ([kind, count]) => [kind, count - (before.handles[kind] ?? 0)] as const,
  );
  return Object.fromEntries(grown.filter(([, more]) => more > NOISE_OF_HANDLES));
}

/** What this process holds open, by Node's own word and by the system's. */
function handlesByKind(): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (kind: string): void => {
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  for (const kind of process.getActiveResourcesInfo()) count(kind);
  for (const name of readdirSync('/proc/self/fd')) {
    const target = targetOf(name);
    if (target !== undefined) count(/^(socket|pipe|anon_inode):/.exec(target)?.[0] ?? 'file');
  }
  return counts;
}

/** `undefined` for one that is closed by now, such as that of the folder itself. */
function targetOf(name: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${name}`);
  } catch {
    return undefined;
  }
}

/** The engine's own collector, without a flag at the start of the process. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return () => {
    if (typeof collect === 'function') Reflect.apply(collect, undefined, []);
  };
}
