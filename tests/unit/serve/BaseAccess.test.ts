import { mkdir, rename } from 'node:fs/promises';
import { BaseAccess } from '../../../server/src/serve/BaseAccess';
import type { Serving } from '../../../server/src/serve/Serving';
import type { HeldLease, Lease } from '../../../server/src/services/leases';
import { BaseKeeper } from '../../../server/src/sync/base/BaseKeeper';
import { openBase } from '../../../server/src/sync/base/LevelBase';
import { pause, waitUntil } from '../../support/waitUntil';
import { baseEntry } from '../sync/support/entries';
import { temporaryDirectories } from '../sync/support/temporaryDirectories';
import { makeServing } from './support/makeServing';

const temporaryDirectory = temporaryDirectories();

/** Longer than a base stays open after its last use, in ms. */
const IDLE_MS = 800;

describe('the base for what goes on beside the runs', () => {
  let serving: Serving;
  let access: BaseAccess;
  let acquire: jest.Mock<Promise<Lease | HeldLease>, [string, () => void]>;
  let release: jest.Mock<Promise<void>, []>;
  let granted: number;

  beforeEach(async () => {
    serving = await makeServing(await temporaryDirectory());
    release = jest.fn(async () => undefined);
    granted = 0;
    acquire = jest.fn<Promise<Lease | HeldLease>, [string, () => void]>(async () => {
      granted += 1;
      return { kind: 'mine', release };
    });
    access = new BaseAccess(new BaseKeeper(), { acquire });
  });
  afterEach(async () => {
    await access.stop();
    await waitUntil('every lease is given back', async () =>
      release.mock.calls.length === granted ? true : undefined,
    );
  });

  const entryOf = (key: string) => access.use(serving, async ({ base }) => (await base.get(key))?.etag);
  const settle = (key: string, etag: string) =>
    access.use(serving, ({ base }) => base.settle([{ key, entry: baseEntry({ etag }) }]));

  test('it is opened once for all who use it, and closed when nobody does any more', async () => {
    await settle('a', 'first');
    expect(await Promise.all([entryOf('a'), entryOf('a')])).toEqual(['first', 'first']);
    expect(acquire).toHaveBeenCalledTimes(1);
    expect(release).not.toHaveBeenCalled();
    await pause(IDLE_MS);
    expect(release).toHaveBeenCalledTimes(1);
    const other = await openBase(serving.base);
    await other.close();
  });

  test('after it could not be opened, the next one tries again, however many ask', async () => {
    acquire.mockRejectedValueOnce(new Error('The database is away for a moment.'));
    const first = await Promise.allSettled([settle('a', 'first'), entryOf('a')]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(acquire).toHaveBeenCalledTimes(1);
    await settle('a', 'second');
    expect(await entryOf('a')).toBe('second');
  });

  test('a state folder that was moved away is not used any more, however much traffic there is', async () => {
    await settle('a', 'before');
    // `strapi import` does so.
    await rename(serving.stateDirectory, `${serving.stateDirectory}-away`);
    await mkdir(serving.stateDirectory);
    expect(await entryOf('a')).toBeUndefined();
    expect(acquire.mock.calls[0]?.[0]).not.toBe(acquire.mock.calls[1]?.[0]);
    await waitUntil('the old one is given back', async () => (release.mock.calls.length === 1 ? true : undefined));
  });

  test('a lost lease ends it for those who come later, and who uses it may finish', async () => {
    await settle('a', 'before');
    const held = await access.use(serving, async ({ base }) => {
      acquire.mock.calls[0]?.[1]();
      acquire.mockResolvedValueOnce({ kind: 'held', host: 'other', pid: 1 });
      expect(await entryOf('a')).toBeUndefined();
      return base.get('a');
    });
    expect(held).toMatchObject({ etag: 'before' });
    expect(acquire).toHaveBeenCalledTimes(2);
    await waitUntil('it is given back', async () => (release.mock.calls.length === 1 ? true : undefined));
  });
});
