import type { Base, BaseFacts } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { FolderWatch } from '../../../server/src/sync/FolderWatch';
import { gatherDeleteFacts } from '../../../server/src/sync/gatherDeleteFacts';
import { temporaryDirectories } from './support/temporaryDirectories';

const temporaryDirectory = temporaryDirectories();
const HOUR_MS = 3_600_000;

describe('the deletes of the last 24 hours', () => {
  let base: Base;

  beforeEach(async () => {
    const identity = { bucketName: 'b', endpoint: '', prefix: '' };
    base = await openBase({
      stateDirectory: await temporaryDirectory(),
      identity,
      filter: { include: ['**'], exclude: [] },
    });
  });
  afterEach(() => base.close());

  const ago = (hours: number): number => Date.now() - hours * HOUR_MS;
  const recent = async (deletes: BaseFacts['deletes'], waiting: number): Promise<number> => {
    const facts: BaseFacts = { trustedModes: ['SINGLE'], reconciled: true, deletes };
    const options = { mode: 'SINGLE' as const, maxDelete: { files: 10, percent: 25, absolute: 1000 } };
    const seen = { localFiles: 0, remoteObjects: 0, folders: new FolderWatch() };
    return (await gatherDeleteFacts({ options, base, facts, side: 'remote', deletes: waiting, seen })).recentDeletes;
  };

  it('are counted on the side that is asked for, and not longer', async () => {
    const deletes: BaseFacts['deletes'] = [
      { at: ago(25), count: 1, side: 'remote' },
      { at: ago(23), count: 2, side: 'remote' },
      { at: ago(1), count: 4, side: 'remote' },
      { at: ago(1), count: 8, side: 'local' },
    ];
    expect(await recent(deletes, 3)).toBe(6);
  });

  it('are not counted twice where a run was cut off and the same deletes wait again', async () => {
    const cutOff = { at: ago(1), count: 8, side: 'remote' as const, open: true };
    expect(await recent([cutOff], 8)).toBe(0);
    expect(await recent([cutOff], 10)).toBe(0);
  });

  it('are counted where a run was cut off and fewer wait than it had begun: the others were done', async () => {
    const cutOff = { at: ago(1), count: 8, side: 'remote' as const, open: true };
    expect(await recent([cutOff], 3)).toBe(5);
    expect(await recent([cutOff, { ...cutOff, open: false }], 3)).toBe(13);
  });
});
