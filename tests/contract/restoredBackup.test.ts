import { rename, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { Trash } from '../../server/src/sync/local/Trash';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeRealestStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';

describeRealestStore('A backup restored beside a newer state', (store) => {
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let a: SyncedDirectory;
  let b: SyncedDirectory;

  const run = (site: SyncedDirectory, more: Partial<SyncOptions> = {}): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, claimedRecently: true, ...more });
  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  /** Puts a file of a backup in place, as `tar` and `rsync` do: a new file with an old time. */
  const restore = async (site: SyncedDirectory, key: string, content: string): Promise<void> => {
    await site.write('of-the-backup', content);
    await utimes(site.path('of-the-backup'), 1_000_000, 1_000_000);
    await rename(site.path('of-the-backup'), site.path(key));
  };
  const trashedTexts = async (site: SyncedDirectory): Promise<string[]> => {
    const items = await new Trash(site.path('uploads/.s3-sync')).list();
    return Promise.all(items.map(({ id }) => site.read(join('uploads/.s3-sync/trash', id))));
  };
  const inBucket = async (key: string): Promise<string> => (await a.getObject(key)).body.toString();

  beforeEach(async () => {
    feed = new MemoryFeed();
    a = await create();
    b = await create(a.bucketName);
    await a.write('uploads/changed.txt', 'old');
    await a.write('uploads/deleted.txt', 'deleted');
    await a.write('uploads/same.txt', 'same');
    await run(a);
    await run(b);
    await a.write('uploads/changed.txt', 'new');
    await a.write('uploads/later.txt', 'later');
    await run(a);
    await a.remove('uploads/deleted.txt');
    await run(a);
    await run(b);
  });
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  /** The whole directory as it was before the change, the delete and the new file. */
  const restoreAll = async (site: SyncedDirectory): Promise<void> => {
    await site.remove('uploads/later.txt');
    await restore(site, 'uploads/changed.txt', 'old');
    await restore(site, 'uploads/deleted.txt', 'deleted');
    await restore(site, 'uploads/same.txt', 'same');
  };

  test.each([
    ['a whole run', { kind: 'whole' }],
    ['a local walk', { kind: 'local' }],
    ['a media event of one file', { kind: 'keys', keys: ['uploads/changed.txt'] }],
    ['a late row of the feed', { kind: 'keys', keys: ['uploads/changed.txt'], heard: true }],
  ] as const)('takes nothing away from the other servers (noticed by %s)', async (_what, scope) => {
    await restoreAll(a);
    const noticed = await run(a, { scope });
    expect(noticed).toMatchObject({ status: 'done', baseForgotten: true, uploaded: 0, deletedRemote: 0 });
    for (const site of [b, a]) await run(site);
    for (const site of [a, b]) {
      expect(await site.read('uploads/changed.txt')).toBe('new');
      expect(await site.read('uploads/later.txt')).toBe('later');
      expect(await site.read('uploads/same.txt')).toBe('same');
      await expect(site.read('uploads/deleted.txt')).rejects.toMatchObject({ code: 'ENOENT' });
    }
    expect(await trashedTexts(a)).toEqual(expect.arrayContaining(['old', 'deleted']));
    expect(await a.keysInBucket()).toEqual(['uploads/changed.txt', 'uploads/later.txt', 'uploads/same.txt']);
    const again = await run(a, { scope: { kind: 'local' } });
    expect(again).toMatchObject({ status: 'done', requests: {} });
    expect(again).not.toHaveProperty('baseForgotten');
  });

  test('is what a preview says, without a change on any side', async () => {
    await restoreAll(a);
    const preview = await a.preview({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
    expect(preview.operations).toMatchObject([
      { key: 'uploads/changed.txt', action: 'download' },
      { key: 'uploads/deleted.txt', action: 'delete-local' },
      { key: 'uploads/later.txt', action: 'download' },
    ]);
    expect(await a.read('uploads/changed.txt')).toBe('old');
    expect(await inBucket('uploads/changed.txt')).toBe('new');
    // The same plan is found once more when it is carried out.
    const applied = await run(a, { plan: preview.digest, confirm: preview.refused?.digest });
    expect(applied).toMatchObject({ status: 'done', downloaded: 2, deletedLocal: 1 });
  });

  test('a file that the feed says nothing of is decided by its time, and the older one is kept in the trash', async () => {
    await restoreAll(a);
    feed.rows.length = 0;
    expect(await run(a)).toMatchObject({ status: 'done', baseForgotten: true, conflicts: 1, downloaded: 1 });
    expect(await a.read('uploads/changed.txt')).toBe('new');
    expect(await trashedTexts(a)).toContain('old');
  });

  test('files that are the same under new inodes are not transferred again', async () => {
    await restore(a, 'uploads/changed.txt', 'new');
    await restore(a, 'uploads/same.txt', 'same');
    await restore(a, 'uploads/later.txt', 'later');
    const moved = await run(a, { scope: { kind: 'local' } });
    expect(moved).toMatchObject({ status: 'done', baseForgotten: true, uploaded: 0, downloaded: 0, bytes: 0 });
  });

  test('one older file that is put back replaces the newer one, which is kept in the trash', async () => {
    await restore(a, 'uploads/changed.txt', 'old');
    const one = await run(a);
    expect(one).toMatchObject({ status: 'done', uploaded: 1 });
    expect(one).not.toHaveProperty('baseForgotten');
    expect(await inBucket('uploads/changed.txt')).toBe('old');
    expect(await trashedTexts(a)).toContain('new');
  });

  test('a file that a person deletes by its media entry meanwhile does not come back', async () => {
    await restoreAll(a);
    const keys = ['uploads/later.txt', 'uploads/changed.txt'];
    expect(await run(a, { scope: { kind: 'keys', keys } })).toMatchObject({ baseForgotten: true, deletedRemote: 1 });
    expect(await a.keysInBucket()).toEqual(['uploads/changed.txt', 'uploads/same.txt']);
  });

  test('in SINGLE mode nothing more than ten files is deleted unasked because the backup lacks it', async () => {
    const site = await create();
    const names = Array.from({ length: 30 }, (_, index) => `uploads/${index}.txt`);
    for (const name of names) await site.write(name, name);
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 30 });
    const maxDelete = { files: 20, percent: 100, absolute: 1000 };
    for (const name of names.slice(0, 11)) await site.remove(name);
    for (const name of names.slice(11)) await restore(site, name, name);
    for (const kind of ['local', 'whole'] as const) {
      const refused = await site.run({ scope: { kind }, maxDelete });
      expect(refused).toMatchObject({ status: 'refused', refused: { guard: 'first-run', count: 11 } });
      expect(refused.refused?.message).toContain('restored backup');
    }
    expect(await site.keysInBucket()).toHaveLength(30);
  });

  test('in SINGLE mode a few files of which nothing old is left are not deleted unasked either', async () => {
    const site = await create();
    for (const name of ['a', 'b', 'c', 'd']) await site.write(`uploads/${name}.txt`, name);
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 4 });
    for (const name of ['a', 'b']) await restore(site, `uploads/${name}.txt`, `old ${name}`);
    for (const name of ['c', 'd']) await site.remove(`uploads/${name}.txt`);
    const plan = await site.preview();
    expect(plan).toMatchObject({ refused: { guard: 'directory-emptied', count: 2 } });
    expect(await site.run()).toMatchObject({ status: 'refused', deletedRemote: 0, baseForgotten: true });
    expect(await site.keysInBucket()).toHaveLength(4);
  });
});
