import { keepTrying } from '../../../server/src/triggers/keepTrying';
import { FIRST_PAUSE_MS } from '../../../server/src/triggers/queue';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Work that fails with these messages, one after the other, and then succeeds. */
function failing(...messages: string[]) {
  return jest.fn(async () => {
    const message = messages.shift();
    if (message !== undefined) throw new Error(message);
  });
}

test('what succeeds is done once, at once', async () => {
  const work = failing();
  keepTrying(work, jest.fn());
  await jest.advanceTimersByTimeAsync(600_000);
  expect(work).toHaveBeenCalledTimes(1);
});

test('what fails is tried again after growing pauses, until it succeeds', async () => {
  const work = failing('locked', 'locked', 'locked');
  keepTrying(work, jest.fn());
  await jest.advanceTimersByTimeAsync(0);
  for (const [index, pauseMs] of [FIRST_PAUSE_MS, 2 * FIRST_PAUSE_MS, 4 * FIRST_PAUSE_MS].entries()) {
    await jest.advanceTimersByTimeAsync(pauseMs - 1);
    expect(work).toHaveBeenCalledTimes(index + 1);
    await jest.advanceTimersByTimeAsync(1);
    expect(work).toHaveBeenCalledTimes(index + 2);
  }
  await jest.advanceTimersByTimeAsync(600_000);
  expect(work).toHaveBeenCalledTimes(4);
});

test('a failure is told once, and again where its cause is another one', async () => {
  const onFailure = jest.fn();
  keepTrying(failing('locked', 'locked', 'away', 'away', 'locked'), onFailure);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(onFailure.mock.calls).toEqual([['locked'], ['away'], ['locked']]);
});

test('nothing is tried any more once it is ended', async () => {
  const work = failing('locked', 'locked');
  const end = keepTrying(work, jest.fn());
  await jest.advanceTimersByTimeAsync(0);
  end();
  await jest.advanceTimersByTimeAsync(600_000);
  expect(work).toHaveBeenCalledTimes(1);
  expect(jest.getTimerCount()).toBe(0);
});
