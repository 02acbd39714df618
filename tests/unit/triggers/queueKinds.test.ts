import { createQueue, FIRST_PAUSE_MS, type WishOutcome } from '../../../server/src/triggers/queue';
import type { Wish } from '../../../server/src/services/wishes';

/** A queue in which changes of others are due at once, names after 200 ms and everything after 2 s. */
function startQueue(outcomes: WishOutcome[] = []) {
  const carried: Wish[] = [];
  const queue = createQueue({
    coalesceMs: ({ changes, uploads, keys }) => (changes ? 0 : (uploads ?? keys) ? 200 : 2_000),
    carryOut: async (wish) => {
      carried.push(wish);
      return outcomes.shift() ?? 'done';
    },
    onError: (error) => {
      throw error;
    },
    onMerge: () => undefined,
  });
  return { queue, carried };
}

const changes = (position: number, ...keys: [string, boolean][]): Wish => ({
  trigger: 'feed',
  changes: { keys: new Map(keys), position },
});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('the queue of a server in MULTI mode', () => {
  test('carries out what others changed at once, while content still gathers', async () => {
    const { queue, carried } = startQueue();
    queue.add({ trigger: 'content' });
    await jest.advanceTimersByTimeAsync(500);
    queue.add(changes(1, ['a', false]));
    await jest.advanceTimersByTimeAsync(0);
    expect(carried).toEqual([changes(1, ['a', false])]);
    await jest.advanceTimersByTimeAsync(1_499);
    expect(carried).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(carried[1]).toEqual({ trigger: 'content' });
  });

  test('puts changes of others together: the last word on a key counts, and the last position', async () => {
    const { queue, carried } = startQueue(['again']);
    queue.add(changes(1, ['a', true], ['b', false]));
    await jest.advanceTimersByTimeAsync(0);
    queue.add(changes(3, ['a', false], ['c', true]));
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    expect(carried[1]).toEqual(changes(3, ['a', false], ['b', false], ['c', true]));
  });

  test('keeps files by name apart from what others changed, and puts names and keys together', async () => {
    const { queue, carried } = startQueue(['again']);
    queue.add(changes(1, ['a', false]));
    await jest.advanceTimersByTimeAsync(0);
    queue.add({ trigger: 'media', uploads: ['x.jpg'] });
    queue.add({ trigger: 'trash', keys: ['uploads/y.jpg'] });
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS);
    expect(carried.slice(1)).toEqual([
      { trigger: 'media', uploads: ['x.jpg'], keys: ['uploads/y.jpg'] },
      changes(1, ['a', false]),
    ]);
  });

  test('looks again every few seconds where something has to end first, without growing pauses', async () => {
    const { queue, carried } = startQueue(['wait', 'wait', 'wait', 'wait']);
    queue.add(changes(1, ['a', false]));
    await jest.advanceTimersByTimeAsync(0);
    for (let look = 2; look <= 5; look += 1) {
      await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
      expect(carried).toHaveLength(look - 1);
      await jest.advanceTimersByTimeAsync(1);
      expect(carried).toHaveLength(look);
    }
    await jest.advanceTimersByTimeAsync(60_000);
    expect(carried).toHaveLength(5);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('lets what others changed not wait for files by name that failed', async () => {
    const { queue, carried } = startQueue(['again']);
    queue.add({ trigger: 'media', uploads: ['x.jpg'] });
    await jest.advanceTimersByTimeAsync(200);
    queue.add(changes(1, ['a', false]));
    await jest.advanceTimersByTimeAsync(FIRST_PAUSE_MS - 1);
    expect(carried).toHaveLength(2);
    expect(carried[1]).toEqual(changes(1, ['a', false]));
    await jest.advanceTimersByTimeAsync(1);
    expect(carried[2]).toEqual({ trigger: 'media', uploads: ['x.jpg'] });
  });
});
