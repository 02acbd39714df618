import { describeProgress } from '../../../server/src/cli/ProgressDisplay';
import { formatBytes, formatSeconds, formatTable } from '../../../server/src/cli/format';

const progress = {
  phase: 'syncing' as const,
  seen: 500,
  uploaded: 400,
  downloaded: 0,
  deletedRemote: 0,
  deletedLocal: 0,
  failed: 0,
  bytes: 4_000_000,
};

describe('Progress', () => {
  test('tells files, bytes, rate and the time left', () => {
    expect(describeProgress(progress, 2_000, 10)).toBe(
      '[######------------------] 25 %  500/2,000 files  4.0 MB  400 kB/s  about 30 s left',
    );
  });

  test('tells no share and no time left while the number of files is not known', () => {
    expect(describeProgress(progress, undefined, 10)).toBe('500 files  4.0 MB  400 kB/s');
  });

  test('never goes past the end, and names deletes and failures', () => {
    const end = { ...progress, seen: 2_100, phase: 'deleting' as const, deletedRemote: 3, failed: 2 };
    expect(describeProgress(end, 2_000, 10)).toBe(
      '[########################] 100 %  2,100/2,100 files  4.0 MB  400 kB/s  3 deleted  2 failed  deleting',
    );
  });
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [123_456_789, '123 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [9.6, '10 s'],
  [200, '3 min 20 s'],
  [7_500, '2 h 5 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test('columns are as wide as their widest text', () => {
  expect(
    formatTable([
      ['a', 'long', 'x'],
      ['bcd', 'e', ''],
    ]),
  ).toBe('a    long  x\nbcd  e     ');
});
