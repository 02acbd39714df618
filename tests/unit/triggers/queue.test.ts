import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createQueue,
  FIRST_PAUSE_MS,
  LONGEST_PAUSE_MS,
  MAX_NAMES,
  pauseAfter,
  type Queue,
  type WishOutcome,
} from '../../../server/src/triggers/queue';
import type { Wish } from '../../../server/src/services/wishes';

const COALESCE_MS = 2_000;

/** A queue whose wishes end when the test says so. */
function startQueue() {
  const carried: Wish[] = [];
  const ends: ((outcome: WishOutcome) => void)[] = [];
  const errors: unknown[] = [];
  const onMerge = jest.fn();
  const queue: Queue = createQueue({
    coalesceMs: () => COALESCE_MS,
    carryOut(wish) {
      carried.push(wish);
      return new Promise((resolve) => ends.push(resolve));
    },
    onError: (error) => errors.push(error),
    onMerge,
  });
  const end = async (outcome: WishOutcome = 'done') => {
    ends.shift()?.(outcome);
    await jest.advanceTimersByTimeAsync(0);
  };
  return { queue, carried, end, errors, merged: () => onMerge.mock.calls.length };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the queue', () => {
  test('carries out nothing in the call that adds a wish', () => {
    const { queue, carried } = startQueue();
    queue.add({ trigger: 'content' });
    expect(carried).toEqual([]);
  });

  test('makes one run of many wishes within the time to gather', async () => {
    const { queue, carried } = startQueue();
    for (let index = 0; index < 50; index += 1) queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS - 1);
    expect(carried).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(carried).toEqual([{ trigger: 'content' }]);
  });

  test('is not put off by wishes that keep coming', async () => {
    const { queue, carried } = startQueue();
    for (let ms = 0; ms < COALESCE_MS; ms += 500) {
      queue.add({ trigger: 'content' });
      await jest.advanceTimersByTimeAsync(500);
    }
    expect(carried).toHaveLength(1);
  });

  test('lets one trailing run follow, however many wishes came meanwhile', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    for (let index = 0; index < 20; index += 1) queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(60_000);
    expect(carried).toHaveLength(1);
    await end();
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toHaveLength(2);
    await end();
    await jest.advanceTimersByTimeAsync(600_000);
    expect(carried).toHaveLength(2);
  });

  test('puts the names of files together and keeps them apart from a run of everything', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['a.jpg', 'b.jpg'] });
    queue.add({ trigger: 'content' });
    queue.add({ trigger: 'media', uploads: ['b.jpg', 'c.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toEqual([{ trigger: 'media', uploads: ['a.jpg', 'b.jpg', 'c.jpg'] }]);
    await end();
    expect(carried.slice(1)).toEqual([{ trigger: 'content' }]);
  });

  test('makes a run of everything a whole one where one of its wishes asked for that', async () => {
    const { queue, carried } = startQueue();
    queue.add({ trigger: 'content' });
    queue.add({ trigger: 'cron', whole: true });
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toEqual([{ trigger: 'content', whole: true }]);
  });

  test('tries again after growing pauses, with the same files and those that came meanwhile', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['a.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    await end('again');
    queue.add({ trigger: 'media', uploads: ['b.jpg'] });
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
    expect(carried).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(carried[1]).toEqual({ trigger: 'media', uploads: ['a.jpg', 'b.jpg'] });
    await end('again');
    await jest.advanceTimersByTimeAsync(2 * FIRST_PAUSE_MS - 1);
    expect(carried).toHaveLength(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(carried).toHaveLength(3);
    await end('done');
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toHaveLength(4);
  });

  test('does not begin a run of everything while files by name wait for a second try', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['a.jpg'] });
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    await end('again');
    expect(carried).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    await end();
    expect(carried.map(({ uploads }) => uploads)).toEqual([['a.jpg'], ['a.jpg'], undefined]);
  });

  test('lets what comes in the meantime not wait for a file that is still being written', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    for (let time = 0; time < 8; time += 1) {
      await end('unsettled');
      queue.add({ trigger: 'scan' });
      queue.add({ trigger: 'media', uploads: ['a.jpg'] });
      await jest.advanceTimersByTimeAsync(COALESCE_MS);
      expect(carried.at(-1)).toEqual({ trigger: 'media', uploads: ['a.jpg'] });
      await end();
    }
    expect(carried.filter(({ uploads }) => uploads === undefined)).toHaveLength(9);
  });

  test('looks again at a file that is still being written after growing pauses', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    for (const pauseMs of [FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS]) {
      const before = carried.length;
      await end('unsettled');
      await jest.advanceTimersByTimeAsync(pauseMs - 1);
      expect(carried).toHaveLength(before);
      await jest.advanceTimersByTimeAsync(1);
      expect(carried).toHaveLength(before + 1);
    }
    await end();
    expect(jest.getTimerCount()).toBe(0);
  });

  test('lets files by name not wait for a run of everything that failed', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    for (let failure = 0; failure < 6; failure += 1) {
      await end('again');
      await jest.advanceTimersToNextTimerAsync();
    }
    await end('again');
    queue.add({ trigger: 'media', uploads: ['a.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried.at(-1)).toEqual({ trigger: 'media', uploads: ['a.jpg'] });
  });

  test('carries out files by name and changes of others beside a run of everything, one after the other', async () => {
    const { queue, carried, end } = startQueue();
    const changes = { keys: new Map([['a.jpg', true]]), position: 1 };
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    queue.add({ trigger: 'media', uploads: ['a.jpg'] });
    queue.add({ trigger: 'feed', changes });
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(10 * COALESCE_MS);
    expect(carried.slice(1)).toEqual([{ trigger: 'media', uploads: ['a.jpg'] }]);

    // The run of everything ends first: the next one waits for what goes on beside it.
    await end();
    await jest.advanceTimersByTimeAsync(10 * COALESCE_MS);
    expect(carried).toHaveLength(2);
    await end();
    expect(carried.slice(2)).toEqual([{ trigger: 'feed', changes }]);
    await end();
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried.slice(3)).toEqual([{ trigger: 'content' }]);
  });

  test('lets nothing begin for a while where something else has to end first', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    await end('wait');
    queue.add({ trigger: 'media', uploads: ['a.jpg'] });
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
    expect(carried).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(carried[1]).toEqual({ trigger: 'media', uploads: ['a.jpg'] });
  });

  test('never waits longer than five minutes', () => {
    expect(pauseAfter(1)).toBe(FIRST_PAUSE_MS);
    expect(pauseAfter(3)).toBe(4 * FIRST_PAUSE_MS);
    expect(pauseAfter(50)).toBe(LONGEST_PAUSE_MS);
    expect(pauseAfter(5_000)).toBe(LONGEST_PAUSE_MS);
  });

  test('stays small: very many names become a look at everything', async () => {
    const { queue, carried, merged } = startQueue();
    for (let index = 0; index <= MAX_NAMES; index += 1_000) {
      const uploads = Array.from({ length: 1_000 }, (_, offset) => `${index + offset}.jpg`);
      queue.add({ trigger: 'media', uploads });
    }
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toEqual([{ trigger: 'media' }]);
    expect(merged()).toBe(10);
  });

  test('tells of each wish that joined another one', async () => {
    const { queue, carried, end, merged } = startQueue();
    for (let index = 0; index < 1_000; index += 1) queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect([carried.length, merged()]).toEqual([1, 999]);
    queue.add({ trigger: 'content' });
    // The one that has to be done again joins it.
    await end('again');
    expect(merged()).toBe(1_000);
  });

  test('is up to five minutes late where a store has been away for long, and at once in step when it is back', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    const pauses: number[] = [];
    for (let failure = 1; failure <= 9; failure += 1) {
      await end('again');
      const before = Date.now();
      await jest.advanceTimersToNextTimerAsync();
      pauses.push(Date.now() - before);
      expect(carried).toHaveLength(failure + 1);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1_000));
    await end('done');
    expect(jest.getTimerCount()).toBe(0);
  });

  test('takes a rejection as a failure and tells of it', async () => {
    const errors: unknown[] = [];
    const carryOut = jest.fn(() => Promise.reject(new Error('no database')));
    const queue = createQueue({ coalesceMs: () => COALESCE_MS, carryOut, onError: (error) => errors.push(error) });
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS + FIRST_PAUSE_MS);
    expect(carryOut).toHaveBeenCalledTimes(2);
    expect(errors).toEqual([new Error('no database'), new Error('no database')]);
    queue.stop();
  });

  test('does nothing any more once it is stopped', async () => {
    const { queue, carried } = startQueue();
    queue.add({ trigger: 'content' });
    queue.stop();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(600_000);
    expect(carried).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

test('a run does not inherit the request or transaction in which it was asked for', async () => {
  jest.useRealTimers();
  const storage = new AsyncLocalStorage<string>();
  const seen = await new Promise((resolve) => {
    const queue = createQueue({
      coalesceMs: () => 1,
      carryOut: async () => {
        resolve(storage.getStore() ?? 'nothing');
        return 'done';
      },
      onError: resolve,
    });
    storage.run('a request', () => {
      queue.add({ trigger: 'content' });
      // The timer is unref'ed: something has to keep the process alive until then.
      setTimeout(() => undefined, 50);
    });
  });
  expect(seen).toBe('nothing');
});
