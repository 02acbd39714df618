import { MemoryFeed } from '../support/MemoryFeed';
import { describeRealestStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';

describeRealestStore('The plan of a run', (store) => {
  const directories: SyncedDirectory[] = [];
  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  const actionsOf = ({ operations }: Awaited<ReturnType<SyncedDirectory['preview']>>) =>
    operations.map(({ key, action }) => `${action} ${key}`);

  test('names what a SINGLE run then does, and writes nothing on either side', async () => {
    const site = await create();
    for (const name of ['changed', 'same', 'touched', 'gone']) await site.write(`uploads/${name}.txt`, `${name} 1`);
    await site.run();
    await site.write('uploads/changed.txt', 'changed 2');
    await site.write('uploads/new.txt', 'new');
    await site.remove('uploads/gone.txt');
    await site.write('uploads/touched.txt', 'touched 1');
    const before = await site.keysInBucket();

    const plan = await site.preview();
    expect(plan.operations).toEqual([
      { key: 'uploads/changed.txt', action: 'upload', cause: 'changed-here', reason: 'changed here', size: 9 },
      {
        key: 'uploads/gone.txt',
        action: 'delete-remote',
        cause: 'not-here-any-more',
        reason: 'not here any more',
        size: 6,
      },
      { key: 'uploads/new.txt', action: 'upload', cause: 'not-in-bucket', reason: 'not in the bucket', size: 3 },
    ]);
    expect(plan).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0 });
    expect(Object.keys(plan.requests).filter((kind) => /Put|Delete|Upload/.test(kind))).toEqual([]);
    expect(await site.keysInBucket()).toEqual(before);
    expect((await site.getObject('uploads/changed.txt')).body.toString()).toBe('changed 1');

    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 2, deletedRemote: 1 });
    expect((await site.preview()).operations).toEqual([]);
  });

  test('before the first run leaves the bucket without an owner', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    expect(actionsOf(await site.preview())).toEqual(['upload uploads/a.txt']);
    const other = await create(site.bucketName);
    expect(await other.run({ owner: { siteId: 'site-2', databaseHash: 'database-2' } })).toMatchObject({
      status: 'done',
    });
  });

  test('names the guard that will withhold deletes, with the digest that confirms them', async () => {
    const site = await create();
    for (let index = 0; index < 30; index += 1) await site.write(`uploads/file-${index}.txt`, `${index}`);
    await site.run();
    for (let index = 0; index < 30; index += 1) await site.remove(`uploads/file-${index}.txt`);
    const plan = await site.preview();
    expect(plan).toMatchObject({ status: 'refused', refused: { guard: 'directory-emptied', count: 30 } });
    expect(plan.operations).toHaveLength(30);
    const confirm = plan.refused?.digest;
    expect(await site.run({ confirm })).toMatchObject({ status: 'done', deletedRemote: 30 });
  });

  test('leaves out the deletes of files that the Media Library still names, as the run does', async () => {
    const site = await create();
    for (const name of ['kept', 'gone', 'here']) await site.write(`uploads/${name}.txt`, name);
    await site.run();
    await site.remove('uploads/kept.txt');
    await site.remove('uploads/gone.txt');
    const referenced = async () => new Set(['uploads/kept.txt']);
    expect(actionsOf(await site.preview({ referenced }))).toEqual(['delete-remote uploads/gone.txt']);
    expect(await site.run({ referenced })).toMatchObject({ deletedRemote: 1, withheld: 1 });
  });

  test('of a bucket that belongs to another site is refused and empty', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.run();
    const copy = await create(site.bucketName);
    await copy.write('uploads/b.txt', 'b');
    const plan = await copy.preview({ owner: { siteId: 'site-2', databaseHash: 'database-2' } });
    expect(plan).toMatchObject({ status: 'refused', refused: { guard: 'other-site' }, operations: [] });
  });

  test('is told with the transfers first, each kind in the order of keys', async () => {
    const site = await create();
    for (let index = 0; index < 20; index += 1) await site.write(`uploads/${index}.txt`, `${index}`);
    await site.run();
    for (const index of [3, 1, 2]) await site.remove(`uploads/${index}.txt`);
    for (const name of ['z', 'a', 'm']) await site.write(`uploads/${name}.txt`, name);
    const told = (await site.preview()).told.map(({ key }) => key.slice('uploads/'.length, -'.txt'.length));
    expect(told).toEqual(['a', 'm', 'z', '1', '2', '3']);
  });

  test('is carried out as it was shown, with the deletes that a person confirmed', async () => {
    const site = await create();
    for (let index = 0; index < 30; index += 1) await site.write(`uploads/file-${index}.txt`, `${index}`);
    await site.run();
    for (let index = 0; index < 29; index += 1) await site.remove(`uploads/file-${index}.txt`);
    await site.write('uploads/new.txt', 'new');
    const plan = await site.preview();
    expect(plan.operations).toHaveLength(30);
    const withoutConfirm = await site.run({ plan: plan.digest });
    expect(withoutConfirm).toMatchObject({ status: 'refused', uploaded: 1, deletedRemote: 0 });
    const next = await site.preview();
    const run = await site.run({ plan: next.digest, confirm: next.refused?.digest });
    expect(run).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 29 });
  });

  test.each([
    ['a new file', (site: SyncedDirectory) => site.write('uploads/later.txt', 'later')],
    ['one file less', (site: SyncedDirectory) => site.remove('uploads/new.txt')],
    ['another content', (site: SyncedDirectory) => site.write('uploads/new.txt', 'new and longer')],
    ['another object in the bucket', (site: SyncedDirectory) => site.putObject('uploads/stray.txt', 'stray')],
  ])('is out of date after %s, and then nothing at all is done', async (_what, change) => {
    const site = await create();
    for (const name of ['same', 'gone']) await site.write(`uploads/${name}.txt`, name);
    await site.run();
    await site.remove('uploads/gone.txt');
    await site.write('uploads/new.txt', 'new');
    const { digest } = await site.preview();
    await change(site);
    const before = await site.keysInBucket();
    const run = await site.run({ plan: digest });
    expect(run).toMatchObject({ status: 'failed', error: { code: 'PLAN_OUTDATED' }, uploaded: 0, deletedRemote: 0 });
    expect(await site.keysInBucket()).toEqual(before);
    expect(await site.run()).toMatchObject({ status: 'done' });
  });

  test('in MULTI mode names downloads, deletes on both sides and conflicts', async () => {
    const feed = new MemoryFeed();
    const multi = { mode: 'MULTI', multi: { feed, trashDays: 7 } } as const;
    const a = await create();
    const b = await create(a.bucketName);
    for (const name of ['conflict', 'deleted-by-a', 'deleted-by-b', 'same']) await a.write(`uploads/${name}.txt`, name);
    await a.run(multi);
    await b.run(multi);
    await a.write('uploads/conflict.txt', 'conflict of a');
    await a.write('uploads/new-of-a.txt', 'new');
    await a.remove('uploads/deleted-by-a.txt');
    await a.run(multi);
    await b.write('uploads/conflict.txt', 'conflict of b, longer');
    await b.write('uploads/new-of-b.txt', 'new');
    await b.remove('uploads/deleted-by-b.txt');

    const expected = [
      'conflict uploads/conflict.txt',
      'delete-local uploads/deleted-by-a.txt',
      'delete-remote uploads/deleted-by-b.txt',
      'download uploads/new-of-a.txt',
      'upload uploads/new-of-b.txt',
    ];
    expect(actionsOf(await b.preview(multi))).toEqual(expected);
    expect(actionsOf(await b.preview(multi))).toEqual(expected);
    expect(await b.read('uploads/conflict.txt')).toBe('conflict of b, longer');
    expect(await b.run(multi)).toMatchObject({
      uploaded: 1,
      downloaded: 1,
      deletedLocal: 1,
      deletedRemote: 1,
      conflicts: 1,
    });
  });
});
