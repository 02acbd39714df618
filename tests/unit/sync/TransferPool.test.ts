import fc from 'fast-check';
import { createTransferPool, TransferPool } from '../../../server/src/sync/TransferPool';
import { deferred, turnsOfTheLoop, type Deferred } from './support/deferred';

/** A pool whose tasks end when the test says so. */
function controlled(maxTasks: number, maxBytes: number) {
  const pool = new TransferPool(maxTasks, maxBytes);
  const running = new Map<string, Deferred>();
  const started: string[] = [];
  return {
    pool,
    running,
    started,
    start: (name: string, bytes: number): Promise<void> =>
      pool.start(bytes, async () => {
        const end = deferred();
        running.set(name, end);
        started.push(name);
        await end.promise;
        running.delete(name);
      }),
    end: async (name: string): Promise<void> => {
      running.get(name)?.resolve();
      await turnsOfTheLoop();
    },
  };
}

describe('TransferPool', () => {
  it.each([
    [1, 1],
    [4, 8],
  ])(
    'prepares and concludes others while the bytes of some travel: of %i transfers at a time, %i',
    async (concurrency, tasks) => {
      const pool = createTransferPool(concurrency);
      const end = deferred();
      let started = 0;
      const begin = (): Promise<void> =>
        pool.start(1, async () => {
          started += 1;
          await end.promise;
        });
      for (let task = 0; task < tasks; task++) await begin();
      const waiting = begin();
      await turnsOfTheLoop();
      expect(started).toBe(tasks);
      end.resolve();
      await waiting;
      await pool.idle();
      expect(started).toBe(tasks + 1);
    },
  );

  it('starts no more tasks at a time than it may, and the next one as soon as one ends', async () => {
    const { start, end, started } = controlled(2, 1_000);
    const all = [start('a', 1), start('b', 1), start('c', 1), start('d', 1)];
    await turnsOfTheLoop();
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
    await end('a');
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    await end('c');
    await end('d');
    await Promise.all(all);
  });

  it('fills its bytes exactly, and lets a task wait that is one byte too large', async () => {
    const { start, end, started } = controlled(10, 100);
    void start('a', 60);
    void start('b', 40);
    void start('c', 1);
    await turnsOfTheLoop();
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
    void start('d', 40);
    await turnsOfTheLoop();
    expect(started).not.toContain('d');
    await end('c');
    expect(started).toContain('d');
    await end('a');
    await end('d');
  });

  it('runs a task larger than all of its bytes alone', async () => {
    const { pool, start, end, started } = controlled(10, 100);
    void start('small', 1);
    void start('huge', 1_000);
    await turnsOfTheLoop();
    expect(started).toEqual(['small']);
    await end('small');
    expect(started).toEqual(['small', 'huge']);
    void start('next', 1);
    await turnsOfTheLoop();
    expect(started).toEqual(['small', 'huge']);
    await end('huge');
    expect(started).toEqual(['small', 'huge', 'next']);
    await end('next');
    await pool.idle();
  });

  it('takes tasks of no bytes up to its number', async () => {
    const { start, end, started } = controlled(3, 0);
    for (const name of ['a', 'b', 'c', 'd']) void start(name, 0);
    await turnsOfTheLoop();
    expect(started).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c', 'd']) await end(name);
    expect(started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('starts waiting tasks in the order they came', async () => {
    const { pool, start, end, started } = controlled(1, 1_000);
    const names = Array.from({ length: 20 }, (_, index) => `task-${index}`);
    for (const name of names) void start(name, 1);
    for (const name of names) await end(name);
    await pool.idle();
    expect(started).toEqual(names);
  });

  it('holds its producer back: start ends when the task was begun, not before and not after', async () => {
    const { start, end } = controlled(1, 1_000);
    await start('a', 1);
    let hasStarted = false;
    const second = start('b', 1).then(() => {
      hasStarted = true;
    });
    await turnsOfTheLoop();
    expect(hasStarted).toBe(false);
    await end('a');
    expect(hasStarted).toBe(true);
    await end('b');
    await second;
  });

  it('is idle at once without tasks, and only after the last one with some', async () => {
    const { pool, start, end } = controlled(2, 1_000);
    await pool.idle();
    await start('a', 1);
    await start('b', 1);
    let isIdle = false;
    const idle = pool.idle().then(() => {
      isIdle = true;
    });
    await end('a');
    expect(isIdle).toBe(false);
    await end('b');
    expect(isIdle).toBe(true);
    await idle;
  });

  it('keeps both bounds and runs every task, whatever their sizes and ends', async () => {
    const bytesOfTasks = fc.array(fc.nat({ max: 150 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        bytesOfTasks,
        fc.scheduler(),
        async (maxTasks, sizes, scheduler) => {
          const pool = new TransferPool(maxTasks, 100);
          const held: number[] = [];
          const violations: number[][] = [];
          let done = 0;
          const produce = async (): Promise<void> => {
            for (const [index, bytes] of sizes.entries()) {
              await pool.start(bytes, async () => {
                held.push(bytes);
                const sum = held.reduce((total, one) => total + one, 0);
                if (held.length > maxTasks || (held.length > 1 && sum > 100)) violations.push([...held]);
                await scheduler.schedule(Promise.resolve(), `task ${index}`);
                held.splice(held.indexOf(bytes), 1);
                done += 1;
              });
            }
            await pool.idle();
          };
          await scheduler.waitFor(produce());
          expect({ done, held, violations }).toEqual({ done: sizes.length, held: [], violations: [] });
        },
      ),
      { numRuns: 200 },
    );
  });
});
