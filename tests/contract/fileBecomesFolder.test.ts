import { mkdir, readdir } from 'node:fs/promises';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeRealestStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';

/** What is in the bucket and on every server before and after, by key. */
const changes = [
  ['a file becomes a folder', { 'uploads/x': 'file' }, { 'uploads/x/a': 'a', 'uploads/x/b/c': 'c' }],
  ['a folder becomes a file', { 'uploads/x/a': 'a', 'uploads/x/b/c': 'c' }, { 'uploads/x': 'file' }],
  ['a file moves into a folder of its name', { 'uploads/x': 'file' }, { 'uploads/x/file': 'file' }],
] as const;

describeRealestStore('Where a file becomes a folder, or the reverse', (store) => {
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let a: SyncedDirectory;
  let b: SyncedDirectory;

  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  const run = (site: SyncedDirectory, more: Partial<SyncOptions> = {}): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, claimedRecently: true, ...more });
  const write = async (site: SyncedDirectory, files: Record<string, string>): Promise<void> => {
    for (const [key, content] of Object.entries(files)) await site.write(key, content);
  };
  const filesOf = async (site: SyncedDirectory): Promise<Record<string, string>> => {
    const found = await readdir(site.path('uploads'), { recursive: true, withFileTypes: true });
    const keys = found
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('.s3-sync'))
      .map((entry) => `${entry.parentPath.slice(site.root.length + 1)}/${entry.name}`);
    return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await site.read(key)] as const)));
  };
  const deliver = (site: SyncedDirectory, keys: readonly string[], byName: readonly string[] = []) =>
    run(site, { scope: { kind: 'keys', keys, byName: new Set(byName), heard: true } });

  beforeEach(async () => {
    feed = new MemoryFeed();
    a = await create();
    b = await create(a.bucketName);
  });
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  describe.each(changes)('(%s)', (_what, before, after) => {
    const changeAt = async (site: SyncedDirectory): Promise<void> => {
      await site.remove('uploads/x');
      await write(site, after);
    };

    test('the bucket follows, in both modes', async () => {
      for (const go of [run, (site: SyncedDirectory) => site.run()]) {
        const site = await create();
        await write(site, { ...before, 'uploads/other': 'other' });
        await go(site);
        await changeAt(site);
        const report = await go(site);
        expect(report).toMatchObject({ status: 'done', deletedRemote: Object.keys(before).length });
        expect(await site.keysInBucket()).toEqual([...Object.keys(after), 'uploads/other'].sort());
      }
    });

    describe('on the other servers', () => {
      beforeEach(async () => {
        await write(a, { ...before, 'uploads/other': 'other' });
        await run(a);
        await run(b);
        await changeAt(a);
        await run(a);
      });

      test('it is done in one whole run', async () => {
        const report = await run(b);
        expect(report).toMatchObject({
          status: 'done',
          downloaded: Object.keys(after).length,
          deletedLocal: Object.keys(before).length,
          failures: [],
        });
        expect(await filesOf(b)).toEqual({ ...after, 'uploads/other': 'other' });
        expect(await run(b)).toMatchObject({ status: 'done', downloaded: 0, deletedLocal: 0 });
      });

      test('it is done as the feed tells it, all at once', async () => {
        const keys = [...Object.keys(before), ...Object.keys(after)];
        expect(await deliver(b, keys)).toMatchObject({ status: 'done', failures: [] });
        expect(await filesOf(b)).toEqual({ ...after, 'uploads/other': 'other' });
      });

      test('it is done as the feed tells it, the new files first and then each deleted one', async () => {
        const early = await deliver(b, Object.keys(after));
        expect(early).toMatchObject({ status: 'partial', downloaded: 0, deletedLocal: 0 });
        expect(early.failures.map(({ code }) => code)).toEqual(['UNSAFE_KEY']);
        for (const key of Object.keys(before)) {
          expect(await deliver(b, [key], [key])).toMatchObject({ status: 'done', failures: [] });
        }
        expect(await filesOf(b)).toEqual({ ...after, 'uploads/other': 'other' });
      });

      test('nothing in the way goes where a guard withholds the deletes', async () => {
        const maxDelete = { files: 0, percent: 0, absolute: 0 };
        const report = await run(b, { maxDelete });
        expect(report).toMatchObject({ status: 'refused', refused: { guard: 'max-delete' }, deletedLocal: 0 });
        expect(report.failures.map(({ code }) => code)).toContain('UNSAFE_KEY');
        expect(await filesOf(b)).toEqual({ ...before, 'uploads/other': 'other' });
        const confirmed = await run(b, { maxDelete, confirm: report.refused?.digest });
        expect(confirmed).toMatchObject({ status: 'done' });
        expect(await filesOf(b)).toEqual({ ...after, 'uploads/other': 'other' });
      });
    });
  });

  test('a file in the way that was changed here stays, and only the files below it fail', async () => {
    await write(a, { 'uploads/x': 'file', 'uploads/other': 'other' });
    await run(a);
    await run(b);
    await a.remove('uploads/x');
    await write(a, { 'uploads/x/a': 'a', 'uploads/new': 'new' });
    await run(a);
    await b.write('uploads/x', 'changed at b');
    const report = await run(b);
    expect(report).toMatchObject({ status: 'partial', downloaded: 1, uploaded: 1, deletedLocal: 0 });
    expect(report.failures).toMatchObject([{ key: 'uploads/x/a', code: 'UNSAFE_KEY' }]);
    expect(await filesOf(b)).toEqual({ 'uploads/x': 'changed at b', 'uploads/new': 'new', 'uploads/other': 'other' });
  });

  test('empty folders give way to a file, a folder with a file that is not synced does not', async () => {
    await write(a, { 'uploads/x': 'x', 'uploads/y': 'y' });
    await run(a);
    await mkdir(b.path('uploads/x/empty/er'), { recursive: true });
    await write(b, { 'uploads/y/.hidden': 'mine' });
    const report = await run(b);
    expect(report).toMatchObject({ status: 'partial', downloaded: 1 });
    expect(report.failures).toMatchObject([{ key: 'uploads/y', code: 'UNSAFE_KEY' }]);
    expect(await filesOf(b)).toEqual({ 'uploads/x': 'x', 'uploads/y/.hidden': 'mine' });
  });

  test('a newer version of a deleted file reaches the trash, although a file stands where its folder was', async () => {
    await write(a, { 'uploads/x/a': 'a', 'uploads/other': 'other' });
    await run(a);
    await run(b);
    await a.write('uploads/x/a', 'newer');
    await run(a);
    await b.remove('uploads/x');
    await write(b, { 'uploads/x': 'file' });
    const report = await run(b, { scope: { kind: 'keys', keys: ['uploads/x/a', 'uploads/x'] } });
    expect(report).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 1 });
    expect(await b.keysInBucket()).toEqual(['uploads/other', 'uploads/x']);
    const [text] = (await readdir(b.path('uploads/.s3-sync/trash'))).filter((name) => !name.endsWith('.json'));
    expect(await b.read(`uploads/.s3-sync/trash/${text ?? ''}`)).toBe('newer');
  });
});
