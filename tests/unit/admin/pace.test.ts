import type { RunAnswer } from '../../../server/src/routes/contract';
import { paceOf, withSample, type Sample } from '../../../admin/src/pace';

function runAt(seen: number, bytes: number, id = 1): RunAnswer {
  const none = { uploaded: 0, downloaded: 0, deletedRemote: 0, deletedLocal: 0, failed: 0 };
  return {
    ...none,
    id,
    trigger: 'button',
    mode: 'SINGLE',
    status: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    unchanged: 0,
    conflicts: 0,
    withheld: 0,
    bytes,
    requests: {},
    progress: { phase: 'syncing', seen, bytes, ...none },
  };
}

test('the pace is that between the first and the last sample', () => {
  let samples: Sample[] = withSample([], runAt(100, 5_000), 1_000);
  samples = withSample(samples, runAt(150, 9_000), 2_000);
  samples = withSample(samples, runAt(200, 15_000), 3_000);
  expect(paceOf(samples, 1_000)).toEqual({ bytesPerSecond: 5_000, timeLeft: 16_000 });
});

test('one sample is no pace', () => {
  expect(paceOf(withSample([], runAt(100, 5_000), 1_000), 1_000)).toEqual({});
});

test.each([
  ['it is not known how many files there are', undefined],
  ['more was looked at than there are files here', 150],
])('no time left is told where %s', (_reason, files) => {
  const samples = withSample(withSample([], runAt(100, 0), 0), runAt(200, 1_000), 1_000);
  expect(paceOf(samples, files)).toEqual({ bytesPerSecond: 1_000 });
});

test('old samples and those of another run do not count', () => {
  const old = withSample(withSample([], runAt(1, 1), 0), runAt(2, 2), 20_000);
  expect(old.map(({ at }) => at)).toEqual([20_000]);
  expect(withSample(old, runAt(3, 3, 2), 21_000)).toHaveLength(1);
});

test('where no run goes on there are no samples', () => {
  expect(withSample(withSample([], runAt(1, 1), 0), undefined, 1)).toEqual([]);
});
