import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunAnswer, TriggerName } from '../../../server/src/routes/contract';
import { createExpectedFiles, type ExpectedFiles } from '../../../server/src/services/expectedFiles';
import { waitUntil } from '../../support/waitUntil';
import { noCounts } from '../../../server/src/sync/noCounts';

function running(id: number, trigger: TriggerName = 'button'): RunAnswer {
  return {
    id,
    trigger,
    mode: 'SINGLE',
    status: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    ...noCounts(),
    requests: {},
  };
}

describe('the number of files that a run will look at', () => {
  let directory: string;
  let reads: number;

  const readPlace = () => {
    reads += 1;
    return Promise.resolve({ directory, include: ['uploads/**'], exclude: ['**/.*'] });
  };

  const counted = (expectedFiles: ExpectedFiles, id: number) =>
    waitUntil(`the files of run ${id} are counted`, () => Promise.resolve(expectedFiles(running(id))));

  beforeEach(() => {
    reads = 0;
    directory = mkdtempSync(path.join(tmpdir(), 's3-sync-expected-'));
    mkdirSync(path.join(directory, 'uploads'));
    for (const name of ['uploads/a', 'uploads/b', 'uploads/.hidden', 'robots.txt']) {
      writeFileSync(path.join(directory, name), '');
    }
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  test('is counted beside the run, by its filter, and once', async () => {
    const expectedFiles = createExpectedFiles(readPlace);
    expect(expectedFiles(running(1))).toBeUndefined();
    expect(await counted(expectedFiles, 1)).toBe(2);
    expect(reads).toBe(1);
  });

  test('is counted anew for the next run', async () => {
    const expectedFiles = createExpectedFiles(readPlace);
    expect(await counted(expectedFiles, 1)).toBe(2);
    writeFileSync(path.join(directory, 'uploads/c'), '');
    expect(expectedFiles(running(2))).toBeUndefined();
    expect(await counted(expectedFiles, 2)).toBe(3);
  });

  test('is not told of a run over single keys', () => {
    const expectedFiles = createExpectedFiles(readPlace);
    for (const trigger of ['media', 'feed', 'trash'] as const)
      expect(expectedFiles(running(1, trigger))).toBeUndefined();
    expect(reads).toBe(0);
  });

  test('is not known where the directory cannot be told', () => {
    const expectedFiles = createExpectedFiles(() => Promise.reject(new Error('no database')));
    expect(expectedFiles(running(1))).toBeUndefined();
  });
});
