import type { Base, BaseFacts } from '../../../server/src/sync/base/Base';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { FolderWatch } from '../../../server/src/sync/FolderWatch';
import { closeCutOff, gatherDeleteFacts } from '../../../server/src/sync/gatherDeleteFacts';
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
});

describe('a run that was cut off in its deletes', () => {
  const close = (deletes: BaseFacts['deletes'], again: { remote: number; local: number }): BaseFacts['deletes'] => {
    const facts: BaseFacts = { trustedModes: [], reconciled: true, deletes };
    closeCutOff(facts, again);
    return facts.deletes;
  };
  const cutOff = { at: 1, count: 8, side: 'remote' as const, open: true };

  it('had done those that do not wait again', () => {
    expect(close([cutOff], { remote: 3, local: 8 })).toEqual([{ at: 1, count: 5, side: 'remote' }]);
  });

  it('had done none where all of them wait again', () => {
    expect(close([cutOff], { remote: 8, local: 0 })).toEqual([]);
  });

  it('had done all where none waits again, whatever else waits', () => {
    expect(close([cutOff], { remote: 0, local: 0 })).toEqual([{ at: 1, count: 8, side: 'remote' }]);
  });

  it('is looked at once for each delete where several were cut off, and others stay as they are', () => {
    const done = { at: 0, count: 4, side: 'remote' as const };
    expect(close([done, cutOff, { ...cutOff, at: 2 }], { remote: 10, local: 0 })).toEqual([
      done,
      { at: 2, count: 6, side: 'remote' },
    ]);
  });
});
