import { AsyncLocalStorage } from 'node:async_hooks';
import {
  createQueue,
  FIRST_PAUSE_MS,
  LONGEST_PAUSE_MS,
  pauseAfter,
  type Queue,
  type WishOutcome,
} from '../../../server/src/triggers/queue';
import { MAX_DELETED, MAX_NAMES } from '../../../server/src/triggers/Gathered';
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

  test('looks at everything within minutes, however long one file by name goes on failing', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['poison.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    for (let failure = 0; failure < 8; failure += 1) {
      await end('again');
      await jest.advanceTimersToNextTimerAsync();
    }
    await end('again');
    for (let look = 1; look <= 3; look += 1) {
      queue.add({ trigger: 'scan' });
      const askedAt = Date.now();
      for (let timers = 0; carried.at(-1)?.trigger !== 'scan' && timers < 10; timers += 1) {
        await jest.advanceTimersToNextTimerAsync();
        if (carried.at(-1)?.trigger === 'media') await end('again');
      }
      expect(carried.at(-1)).toEqual({ trigger: 'scan' });
      expect(Date.now() - askedAt).toBeLessThanOrEqual(COALESCE_MS + LONGEST_PAUSE_MS);
      await end('done');
      await jest.advanceTimersToNextTimerAsync();
      await end('again');
    }
  });

  test('looks again only at the files that were left, where it is told which', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['a.jpg', 'b.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    await end({ left: { trigger: 'media', uploads: ['b.jpg'] } });
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    await end({ left: { trigger: 'media', uploads: ['b.jpg'] } });
    await jest.advanceTimersByTimeAsync(2 * FIRST_PAUSE_MS);
    expect(carried.map(({ uploads }) => uploads)).toEqual([['a.jpg', 'b.jpg'], ['b.jpg'], ['b.jpg']]);
  });

  test('hands what was deleted by name and still waits to a run of everything, and tries it again by name', async () => {
    const { queue, carried, end } = startQueue();
    queue.add({ trigger: 'media', uploads: ['gone.jpg'], deleted: ['gone.jpg'] });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    await end('again');
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    await end('unsettled');
    expect(carried.slice(2)).toEqual([{ trigger: 'content', deleted: ['gone.jpg'] }]);
    await end('done');
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    expect(carried.slice(3)).toEqual([{ trigger: 'media', uploads: ['gone.jpg'], deleted: ['gone.jpg'] }]);
    await end('done');
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried.slice(4)).toEqual([{ trigger: 'content' }]);
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

  test('keeps what was deleted by name apart from a look at everything, however many names there are', async () => {
    const { queue, carried, end } = startQueue();
    const names = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
    const deleted = names('gone', MAX_NAMES + 1);
    queue.add({ trigger: 'media', uploads: deleted, deleted });
    queue.add({ trigger: 'media', uploads: names('put', MAX_NAMES + 1) });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    expect(carried).toEqual([{ trigger: 'media', uploads: deleted, deleted }]);
    await end();
    expect(carried.slice(1)).toEqual([{ trigger: 'media' }]);
  });

  test('stays small: more deletes by name than can be kept become a look at everything', async () => {
    const { queue, carried, end } = startQueue();
    const deleted = Array.from({ length: MAX_DELETED + 1 }, (_, index) => `${index}.jpg`);
    queue.add({ trigger: 'media', uploads: deleted, deleted });
    await jest.advanceTimersByTimeAsync(COALESCE_MS);
    const kept = deleted.slice(0, MAX_DELETED);
    expect(carried).toEqual([{ trigger: 'media', uploads: kept, deleted: kept }]);
    await end();
    expect(carried.slice(1)).toEqual([{ trigger: 'media' }]);
  });

  test('notes one more name among very many at once', async () => {
    const { queue } = startQueue();
    const deleted = Array.from({ length: MAX_DELETED }, (_, index) => `${index}.jpg`);
    queue.add({ trigger: 'media', uploads: deleted, deleted });
    const begunAt = performance.now();
    for (const name of deleted.slice(0, 1_000)) queue.add({ trigger: 'media', uploads: [name], deleted: [name] });
    expect(performance.now() - begunAt).toBeLessThan(1_000);
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
