import { toSyncDocument } from '../../../server/src/cli/documents';
import { exitCodeOfError, exitCodeOfStatus } from '../../../server/src/cli/exitCodes';
import { mergeRuns } from '../../../server/src/commands/mergeRuns';
import type { RunAnswer } from '../../../server/src/routes/contract';
import type { KeyFailure } from '../../../server/src/sync/SyncReport';

const refused = { guard: 'max-delete', count: 30, limit: 10, message: 'm', fix: 'f', digest: 'd' } as const;

const runOf = (more: Partial<RunAnswer> = {}): RunAnswer => ({
  id: 7,
  trigger: 'cli',
  mode: 'SINGLE',
  status: 'done',
  startedAt: '2026-01-01T00:00:00.000Z',
  uploaded: 1,
  downloaded: 0,
  deletedRemote: 0,
  deletedLocal: 0,
  unchanged: 5,
  conflicts: 0,
  failed: 0,
  withheld: 0,
  bytes: 10,
  durationMs: 100,
  requests: { PutObject: 1 },
  ...more,
});

const failure = (key: string, code: KeyFailure['code']): KeyFailure => ({ key, code, message: 'm', fix: 'f' });

describe('The document of a sync', () => {
  test('holds exactly what scripts were promised', () => {
    expect(toSyncDocument({ run: runOf(), failures: [] })).toEqual({
      id: 7,
      mode: 'SINGLE',
      status: 'done',
      uploaded: 1,
      downloaded: 0,
      deletedRemote: 0,
      deletedLocal: 0,
      conflicts: [],
      failed: [],
      bytes: 10,
      durationMs: 100,
      requests: { PutObject: 1 },
    });
  });

  test('tells conflicts from failures; what a guard withheld is told by the guard alone', () => {
    const failures = [failure('a', 'CONFLICT'), failure('b', 'ACCESS_DENIED'), failure('c', 'WITHHELD')];
    const partial = toSyncDocument({ run: runOf({ status: 'partial' }), failures });
    expect(partial.conflicts).toEqual([{ key: 'a', code: 'CONFLICT', message: 'm' }]);
    expect(partial.failed.map(({ key }) => key)).toEqual(['b', 'c']);
    const withheld = toSyncDocument({ run: runOf({ status: 'refused', refused }), failures });
    expect(withheld.failed.map(({ key }) => key)).toEqual(['b']);
    expect(withheld.refused).toEqual({ guard: 'max-delete', count: 30, limit: 10 });
  });

  test('of a forced sync adds up what both of its runs have done', () => {
    const first = { run: runOf({ status: 'refused', refused }), failures: [failure('c', 'WITHHELD')] };
    const second = {
      run: runOf({ id: 8, uploaded: 0, deletedRemote: 30, requests: { DeleteObjects: 1 } }),
      failures: [],
    };
    const { run, failures } = mergeRuns(first, second);
    expect(run).toMatchObject({ id: 8, status: 'done', uploaded: 1, deletedRemote: 30, durationMs: 200, bytes: 20 });
    expect(run.requests).toEqual({ PutObject: 1, DeleteObjects: 1 });
    expect(run.refused).toBeUndefined();
    expect(failures).toEqual([]);
  });
});

test.each([
  ['done', 0],
  ['failed', 1],
  ['refused', 3],
  ['partial', 4],
  ['cancelled', 130],
] as const)('a run that ends %s exits %d', (status, code) => {
  expect(exitCodeOfStatus(status)).toBe(code);
});

test.each([
  ['USAGE', 2],
  ['MODE_MISSING', 2],
  ['SETTINGS_INVALID', 2],
  ['BUSY', 1],
  ['SERVER_SILENT', 1],
  ['CANCELLED', 130],
])('the error %s exits %d', (error, code) => {
  expect(exitCodeOfError(error)).toBe(code);
});
