import { stat } from 'node:fs/promises';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeRealestStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';

describeRealestStore('A restore', (store) => {
  const directories: SyncedDirectory[] = [];
  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  const restore = { scope: { kind: 'restore' } } as const;
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  test('brings back what is in the bucket and not here, and changes nothing else', async () => {
    const site = await create();
    for (let index = 0; index < 25; index += 1) await site.write(`uploads/deep/file-${index}.txt`, `content ${index}`);
    await site.write('uploads/large.bin', Buffer.alloc(6 * 1024 * 1024, 'large '));
    await site.write('uploads/kept.txt', 'as synced');
    await site.run();
    await site.remove('uploads/deep');
    await site.remove('uploads/large.bin');
    await site.write('uploads/kept.txt', 'newer here');
    await site.write('uploads/only-here.txt', 'only here');
    const before = await site.keysInBucket();

    const restored = await site.run(restore);
    expect(restored).toMatchObject({ status: 'done', downloaded: 26, uploaded: 0, deletedRemote: 0, deletedLocal: 0 });
    expect(await site.read('uploads/deep/file-7.txt')).toBe('content 7');
    expect((await stat(site.path('uploads/large.bin'))).size).toBe(6 * 1024 * 1024);
    expect(await site.read('uploads/kept.txt')).toBe('newer here');
    expect((await site.getObject('uploads/kept.txt')).body.toString()).toBe('as synced');
    expect(await site.keysInBucket()).toEqual(before);
    expect(Object.keys(restored.requests).sort()).toEqual(['GetObject', 'ListObjectsV2']);

    // The next run finds all of it in step.
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 2, deletedRemote: 0 });
  });

  test('fills an empty directory beside a full bucket, where a sync is refused', async () => {
    const site = await create();
    for (let index = 0; index < 15; index += 1) await site.write(`uploads/file-${index}.txt`, `content ${index}`);
    await site.run();
    const fresh = await create(site.bucketName);
    expect(await fresh.run()).toMatchObject({ status: 'refused' });
    expect(await fresh.run(restore)).toMatchObject({ status: 'done', downloaded: 15 });
    expect(await fresh.run()).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0, unchanged: 15 });
  });

  test('in MULTI mode brings back what was deleted here and is still in the bucket', async () => {
    const multi = { mode: 'MULTI', multi: { feed: new MemoryFeed(), trashDays: 7 } } as const;
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.write('uploads/b.txt', 'b');
    await site.run(multi);
    await site.remove('uploads/a.txt');
    expect(await site.run({ ...multi, ...restore })).toMatchObject({ status: 'done', downloaded: 1, uploaded: 0 });
    expect(await site.run(multi)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0, deletedRemote: 0 });
    expect(await site.keysInBucket()).toEqual(['uploads/a.txt', 'uploads/b.txt']);
  });

  test('reports an object that cannot be a file here and brings back the others', async () => {
    const site = await create();
    await site.putObject('uploads/good.txt', 'good');
    await site.putObject('uploads/a//b.txt', 'bad');
    const restored = await site.run(restore);
    expect(restored).toMatchObject({ status: 'partial', downloaded: 1, failed: 1 });
    expect(restored.failures[0]).toMatchObject({ code: 'UNSAFE_KEY', key: 'uploads/a//b.txt' });
  });
});
