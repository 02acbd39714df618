import { createPatience, PATIENCE_MS } from '../../../server/src/triggers/patience';

const other = { host: 'old-server', directory: '/old/public' };

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('waits ten minutes for another server to end, and says so once', () => {
  const onWait = jest.fn();
  const patience = createPatience(onWait);
  expect(patience.waitsFor(other)).toBe(true);
  jest.advanceTimersByTime(PATIENCE_MS - 1);
  expect(patience.waitsFor(other)).toBe(true);
  jest.advanceTimersByTime(1);
  expect(patience.waitsFor(other)).toBe(false);
  expect(onWait.mock.calls).toEqual([[other]]);
});

test('does not wait where no other server runs', () => {
  expect(createPatience(jest.fn()).waitsFor(undefined)).toBe(false);
});

test('waits anew where the other one had ended and another came', () => {
  const onWait = jest.fn();
  const patience = createPatience(onWait);
  patience.waitsFor(other);
  jest.advanceTimersByTime(PATIENCE_MS);
  expect(patience.waitsFor(undefined)).toBe(false);
  expect(patience.waitsFor(other)).toBe(true);
  expect(onWait).toHaveBeenCalledTimes(2);
});
