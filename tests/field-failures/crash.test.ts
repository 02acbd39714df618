import { EngineProcess } from '../support/EngineProcess';
import { startInProjectStore } from '../support/stores';
import { waitUntil } from '../support/waitUntil';
import { CrashWorld } from './support/CrashWorld';

/** Kills with `npm test`; with `npm run test:long` there is one at every call. */
const SAMPLE = 5;

/** `kill -9` of the process in a run that uploads, downloads, deletes and has conflicts. Entry 18 of README.md. */
describe('A run that is killed [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  afterAll(() => store.server.close());

  test.each(['SINGLE', 'MULTI'] as const)(
    '18. at any of its calls, and then started again, ends as if it had never been killed (%s)',
    async (mode) => {
      const whole = await CrashWorld.create(store, mode);
      const end = await whole.runKilled(new EngineProcess());
      await whole.expectAsIfNeverKilled();
      await whole.dispose();
      const calls = end.kind === 'ended' ? end.calls : 0;
      expect(calls).toBeGreaterThan(50);

      // The next process loads the engine while one is being killed.
      let next = new EngineProcess();
      const failed: string[] = [];
      let killed = 0;
      try {
        for (const killAt of killsOf(calls)) {
          const engine = next;
          next = new EngineProcess();
          const world = await CrashWorld.create(store, mode);
          try {
            if ((await world.runKilled(engine, { killAt })).kind === 'killed') killed += 1;
            await world.expectAsIfNeverKilled();
          } catch (error) {
            failed.push(
              `Killed at call ${killAt} of ${calls}: ${error instanceof Error ? error.message : String(error)}`,
            );
          }
          engine.end();
          await world.dispose();
        }
      } finally {
        next.end();
      }
      process.stderr.write(`${mode}: killed at ${killed} of ${calls} calls.\n`);
      expect(failed).toEqual([]);
      expect(killed).toBeGreaterThan(0);
    },
    3_000_000,
  );

  test.each(['SINGLE', 'MULTI'] as const)(
    '18. before it came to know the id of its large upload, and then started again, leaves no such upload (%s)',
    async (mode) => {
      const world = await CrashWorld.create(store, mode);
      const end = await world.runKilled(new EngineProcess(), { killAfterSending: 'large.bin?uploads' });
      expect(end.kind).toBe('killed');
      // The request is on its way, and the store takes no notice of its sender's end.
      await waitUntil('the store has begun it', async () => (world.unfinishedUploads().length > 0 ? true : undefined));
      await world.expectAsIfNeverKilled();
      await world.dispose();
    },
  );
});

/** Every call, or some that are spread over the run. */
function killsOf(calls: number): number[] {
  const all = Array.from({ length: calls }, (_, index) => index + 1);
  if (process.env.S3_SYNC_LONG === '1') return all;
  const step = Math.floor(calls / SAMPLE);
  return all.filter((call) => call % step === Math.floor(step / 2));
}
