import { randomUUID } from 'node:crypto';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Trash } from '../../server/src/sync/local/Trash';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeEachStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';

describeEachStore('MULTI mode', (store) => {
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let a: SyncedDirectory;
  let b: SyncedDirectory;

  const run = (site: SyncedDirectory, more: Partial<SyncOptions> = {}): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, ...more });
  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  const setTime = (site: SyncedDirectory, key: string, secondsAgo: number): Promise<void> => {
    const time = Date.now() / 1000 - secondsAgo;
    return utimes(site.path(key), time, time);
  };
  const trashOf = async (site: SyncedDirectory) => {
    const trash = new Trash(site.path('uploads/.s3-sync'));
    const items = await trash.list();
    return Promise.all(
      items.map(async (item) => ({ ...item, text: await site.read(join('uploads/.s3-sync/trash', item.id)) })),
    );
  };

  beforeEach(async () => {
    feed = new MemoryFeed();
    a = await create();
    b = await create(a.bucketName);
  });
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  test('files of every server reach the bucket and every other server, with their times', async () => {
    await a.write('uploads/from-a.txt', 'a');
    await b.write('uploads/deep/er/from-b.txt', 'b');
    await setTime(a, 'uploads/from-a.txt', 5_000);
    expect(await run(a)).toMatchObject({ status: 'done', uploaded: 1 });
    expect(await run(b)).toMatchObject({ status: 'done', uploaded: 1, downloaded: 1 });
    expect(await run(a)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 1 });
    expect(await a.read('uploads/deep/er/from-b.txt')).toBe('b');
    expect(await b.read('uploads/from-a.txt')).toBe('a');
    expect(await b.ageInSeconds('uploads/from-a.txt')).toBeCloseTo(5_000, -2);
    for (const site of [a, b]) {
      const again = await run(site);
      expect(again).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
      expect(Object.keys(again.requests)).toEqual(['ListObjectsV2']);
    }
  });

  test('two servers that begin on a fresh bucket at the same moment are one site', async () => {
    await a.write('uploads/a.txt', 'a');
    await b.write('uploads/b.txt', 'b');
    for (const result of await Promise.all([run(a), run(b)])) expect(result).toMatchObject({ status: 'done' });
  });

  test('a delete is told before it is done, and once more when it is: who looked in between looks again', async () => {
    await a.write('uploads/x.txt', 'x');
    await run(a);
    await run(b);
    await a.remove('uploads/x.txt');
    const told = feed.rows.length;
    expect(await run(a, { scope: { kind: 'keys', keys: ['uploads/x.txt'] } })).toMatchObject({ deletedRemote: 1 });
    expect(feed.rows.slice(told)).toMatchObject([
      { key: 'uploads/x.txt', action: 'delete', byName: true },
      { key: 'uploads/x.txt', action: 'delete', byName: true },
    ]);
  });

  describe('a file whose media entry is deleted on another server before it has reached the bucket', () => {
    let key: string;
    beforeEach(async () => {
      key = `uploads/early_${randomUUID()}.txt`;
      await a.write('uploads/other.txt', 'other');
      for (const site of [a, b]) await run(site);
    });
    const byName = (more: object = {}) => ({ scope: { kind: 'keys', keys: [key], ...more } as const });
    const deleted = () => byName({ deleted: [key] });
    const hear = () => byName({ byName: new Set([key]), heard: true });

    test.each([
      ['by name', () => byName()],
      ['by a walk', () => ({ scope: { kind: 'whole' } as const })],
    ])('is not sent when its turn comes, %s', async (_how, turn) => {
      await a.write(key, 'never sent');
      await run(b, deleted());
      expect(await run(a, turn())).toMatchObject({ status: 'done', uploaded: 0, deletedLocal: 1 });
      expect(await a.keysInBucket()).not.toContain(key);
      expect((await trashOf(a)).map(({ text }) => text)).toContain('never sent');
    });

    test('goes although another version of it had reached the bucket', async () => {
      await a.write(key, 'first');
      await run(a, byName());
      await b.write(key, 'second');
      await a.remove(key);
      await run(a, deleted());
      expect(await a.keysInBucket()).not.toContain(key);
      expect(await run(b, byName())).toMatchObject({ status: 'done', uploaded: 0, deletedLocal: 1 });
      expect((await trashOf(b)).map(({ text }) => text)).toContain('second');
    });

    test('goes everywhere where it was sent at the same moment', async () => {
      await run(b, deleted());
      await a.write(key, 'sent late');
      // The database still named it when this server looked.
      await run(a, { ...byName(), referenced: (keys) => Promise.resolve(new Set(keys)) });
      expect(await a.keysInBucket()).toContain(key);
      expect(await run(b, hear())).toMatchObject({ status: 'done', downloaded: 0, deletedRemote: 1 });
      expect(await run(a, hear())).toMatchObject({ status: 'done', deletedLocal: 1 });
      for (const site of [a, b]) expect(await run(site)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
      expect(await a.keysInBucket()).not.toContain(key);
    });

    test.each([
      ['which had not heard of it', () => [a, b] as const],
      ['which had deleted it, and compared everything before', () => [b, a] as const],
    ])('goes everywhere, although whole runs had brought it: the end is made by a server %s', async (_which, order) => {
      const position = await feed.position();
      await run(b, deleted());
      await a.write(key, 'sent late');
      await run(a, { ...byName(), referenced: (keys) => Promise.resolve(new Set(keys)) });
      // This run had begun before the entry was deleted.
      const begun = jest.spyOn(feed, 'position').mockResolvedValue(position);
      expect(await run(b)).toMatchObject({ status: 'done', downloaded: 1 });
      begun.mockRestore();
      const [first, second] = order();
      expect(await run(first, hear())).toMatchObject({ status: 'done', deletedRemote: 1 });
      expect(await run(second, hear())).toMatchObject({ status: 'done', deletedLocal: 1 });
      for (const site of [a, b]) expect(await run(site)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
      expect(await a.keysInBucket()).not.toContain(key);
      expect((await trashOf(first)).map(({ text }) => text)).toContain('sent late');
    });

    test('stays where it is named again, and everywhere in step', async () => {
      const named = { referenced: (keys: readonly string[]) => Promise.resolve(new Set(keys)) };
      await run(b, deleted());
      await a.write(key, 'named again');
      await run(a, { ...byName(), ...named });
      await run(b, named);
      for (const site of [a, b]) {
        expect(await run(site, { ...hear(), ...named })).toMatchObject({ deletedRemote: 0, deletedLocal: 0 });
      }
      expect(await b.read(key)).toBe('named again');
    });

    test('lives where an entry names it again', async () => {
      await run(b, deleted());
      await a.write(key, 'named again');
      const named = { referenced: (keys: readonly string[]) => Promise.resolve(new Set(keys)) };
      expect(await run(a, { ...byName(), ...named })).toMatchObject({ uploaded: 1 });
      expect(await run(b, { ...hear(), ...named })).toMatchObject({ downloaded: 1 });
    });

    test('goes where it was fetched only after Strapi had deleted it, and everywhere', async () => {
      await a.write(key, 'fetched late');
      await run(a, byName());
      await run(b, hear());
      expect(await b.read(key)).toBe('fetched late');
      expect(await run(b, deleted())).toMatchObject({ status: 'done', deletedRemote: 1 });
      expect((await trashOf(b)).map(({ text }) => text)).toContain('fetched late');
      expect(await run(a, hear())).toMatchObject({ status: 'done', deletedLocal: 1 });
      for (const site of [a, b]) expect(await run(site)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
    });

    test('lives where a person took it from the trash before the delete could be done', async () => {
      await a.write(key, 'restored');
      await run(a, byName());
      await run(b, hear());
      await feed.append([{ key, action: 'put', md5: 'any', byName: true }], 'b');
      expect(await run(b, deleted())).toMatchObject({ status: 'done', deletedRemote: 0 });
      expect(await b.read(key)).toBe('restored');
    });
  });

  test('deletes of a site that no longer owns the bucket are refused as a whole', async () => {
    await a.write('uploads/x.txt', 'x');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b, { owner: { siteId: 'another site', databaseHash: 'x' }, takeOver: true });
    await a.remove('uploads/x.txt');
    const refused = await run(a, { scope: { kind: 'local' } });
    expect(refused).toMatchObject({ status: 'refused', failed: 0, refused: { guard: 'other-site' } });
  });

  test('a changed file replaces the old one everywhere, and the old one is in the trash', async () => {
    await a.write('uploads/x.txt', 'first');
    await run(a);
    await run(b);
    await b.write('uploads/x.txt', 'second');
    expect(await run(b)).toMatchObject({ uploaded: 1 });
    expect(await run(a)).toMatchObject({ status: 'done', downloaded: 1 });
    expect(await a.read('uploads/x.txt')).toBe('second');
    expect(await trashOf(a)).toMatchObject([{ key: 'uploads/x.txt', why: 'overwritten', text: 'first' }]);
  });

  test('a deletion travels, does not come back, and its file is in the trash of the others', async () => {
    await a.write('uploads/x.txt', 'x');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b);
    await a.remove('uploads/x.txt');
    expect(await run(a)).toMatchObject({ status: 'done', deletedRemote: 1 });
    expect(await run(b)).toMatchObject({ status: 'done', deletedLocal: 1, uploaded: 0 });
    expect(await trashOf(b)).toMatchObject([{ key: 'uploads/x.txt', why: 'deleted', text: 'x' }]);
    expect(await run(a)).toMatchObject({ status: 'done', downloaded: 0 });
    expect(await a.keysInBucket()).toEqual(['uploads/y.txt']);
  });

  test.each([
    ['the one of the server that syncs second', 100, 10],
    ['the one of the server that syncs first', 10, 100],
  ])('two editors change the same file: the newer one wins everywhere (%s)', async (_name, ageA, ageB) => {
    await a.write('uploads/x.txt', 'old');
    await run(a);
    await run(b);
    await a.write('uploads/x.txt', 'from a');
    await setTime(a, 'uploads/x.txt', ageA);
    await b.write('uploads/x.txt', 'from b');
    await setTime(b, 'uploads/x.txt', ageB);
    await run(a);
    const conflict = await run(b);
    expect(conflict).toMatchObject({
      status: 'done',
      conflicts: 1,
      failures: [{ key: 'uploads/x.txt', code: 'CONFLICT' }],
    });
    await run(a);
    const [winner, loser] = ageA > ageB ? ['from b', 'from a'] : ['from a', 'from b'];
    expect(await a.read('uploads/x.txt')).toBe(winner);
    expect(await b.read('uploads/x.txt')).toBe(winner);
    expect((await a.getObject('uploads/x.txt')).body.toString()).toBe(winner);
    const trashed = [...(await trashOf(a)), ...(await trashOf(b))].map(({ text }) => text);
    expect(trashed).toContain(loser);
  });

  test('two servers that change the same file at the same moment both end with the same bytes', async () => {
    await a.write('uploads/x.txt', 'old');
    await run(a);
    await run(b);
    await a.write('uploads/x.txt', 'from a');
    await b.write('uploads/x.txt', 'from b');
    await Promise.all([run(a), run(b)]);
    for (const site of [a, b, a, b]) await run(site);
    const winner = await a.read('uploads/x.txt');
    expect(['from a', 'from b']).toContain(winner);
    expect(await b.read('uploads/x.txt')).toBe(winner);
    expect((await a.getObject('uploads/x.txt')).body.toString()).toBe(winner);
    const trashed = [...(await trashOf(a)), ...(await trashOf(b))].map(({ text }) => text);
    expect(trashed).toContain(winner === 'from a' ? 'from b' : 'from a');
  });

  test('a file changed here and deleted there lives', async () => {
    await a.write('uploads/x.txt', 'old');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b);
    await a.remove('uploads/x.txt');
    await b.write('uploads/x.txt', 'changed');
    await run(a);
    expect(await run(b)).toMatchObject({ status: 'done', uploaded: 1, deletedLocal: 0 });
    expect(await run(a)).toMatchObject({ status: 'done', downloaded: 1 });
    expect(await a.read('uploads/x.txt')).toBe('changed');
  });

  test('a new server with an empty directory fills itself from the bucket and deletes nothing', async () => {
    for (let index = 0; index < 30; index++) await a.write(`uploads/${index}.txt`, String(index));
    await a.write('uploads/large.bin', Buffer.alloc(9 * 1024 * 1024, 1));
    await run(a);
    const c = await create(a.bucketName);
    expect(await run(c)).toMatchObject({ status: 'done', downloaded: 31, deletedRemote: 0, failures: [] });
    expect(await c.read('uploads/7.txt')).toBe('7');
    expect(await readdir(c.path('uploads'))).toHaveLength(32);
  });

  test('a server from a stale image neither brings deleted files back nor overwrites newer ones', async () => {
    await a.write('uploads/deleted.txt', 'deleted later');
    await a.write('uploads/changed.txt', 'first version');
    await a.write('uploads/kept.txt', 'kept');
    await run(a);
    await a.remove('uploads/deleted.txt');
    await a.write('uploads/changed.txt', 'second version');
    await setTime(a, 'uploads/changed.txt', 10_000);
    await run(a);

    const stale = await create(a.bucketName);
    await stale.write('uploads/deleted.txt', 'deleted later');
    await stale.write('uploads/changed.txt', 'first version');
    await stale.write('uploads/kept.txt', 'kept');
    expect(await run(stale)).toMatchObject({ status: 'done', uploaded: 0, deletedLocal: 1, downloaded: 1 });
    expect(await stale.read('uploads/changed.txt')).toBe('second version');
    expect(await a.keysInBucket()).toEqual(['uploads/changed.txt', 'uploads/kept.txt']);
    expect((await trashOf(stale)).map(({ text }) => text).sort()).toEqual(['deleted later', 'first version']);
  });

  test.each([
    ['with its base', false],
    ['without one', true],
  ])(
    'a file that was deleted does not come back when another one came and went meanwhile (%s)',
    async (_name, lost) => {
      await a.write('uploads/x.txt', 'first');
      await a.write('uploads/y.txt', 'y');
      await run(a);
      await run(b);
      for (const next of ['second', undefined]) {
        await a.remove('uploads/x.txt');
        await run(a);
        if (next === undefined) continue;
        await a.write('uploads/x.txt', next);
        await run(a);
      }
      if (lost) await rm(b.path('uploads/.s3-sync'), { recursive: true });
      expect(await run(b)).toMatchObject({ status: 'done', uploaded: 0, deletedLocal: 1 });
      expect(await a.keysInBucket()).toEqual(['uploads/y.txt']);
    },
  );

  test('the same bytes uploaded again after a delete live', async () => {
    await a.write('uploads/x.txt', 'x');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b);
    await a.remove('uploads/x.txt');
    await run(a);
    await run(b);
    await a.write('uploads/x.txt', 'x');
    expect(await run(a)).toMatchObject({ status: 'done', uploaded: 1, deletedLocal: 0 });
    expect(await run(b)).toMatchObject({ status: 'done', downloaded: 1 });
    expect(await b.read('uploads/x.txt')).toBe('x');
  });

  test('the same bytes put again live where the delete was carried out, although all rows were not seen yet', async () => {
    for (const name of ['x', 'kept', 'kept-too', 'and-this']) await a.write(`uploads/${name}.txt`, name);
    await run(a);
    await run(b);
    await b.remove('uploads/x.txt');
    expect(await run(b)).toMatchObject({ deletedRemote: 1 });
    const heard = { kind: 'keys' as const, keys: ['uploads/x.txt'], byName: new Set<string>(), heard: true };
    expect(await run(a, { scope: heard })).toMatchObject({ deletedLocal: 1 });
    await a.write('uploads/x.txt', 'x');
    expect(await run(a, { scope: { kind: 'local' } })).toMatchObject({ status: 'done', uploaded: 1, deletedLocal: 0 });
    await run(b);
    expect(await b.read('uploads/x.txt')).toBe('x');
  });

  test('a directory that was emptied under a server deletes nothing, with its base and without', async () => {
    for (let index = 0; index < 30; index++) await a.write(`uploads/${index}.txt`, String(index));
    await run(a);
    await run(b);
    for (const name of await readdir(b.path('uploads'))) {
      if (name !== '.s3-sync') await b.remove(`uploads/${name}`);
    }
    expect(await run(b)).toMatchObject({
      status: 'refused',
      deletedRemote: 0,
      refused: { guard: 'directory-emptied' },
    });
    await rm(b.path('uploads/.s3-sync'), { recursive: true });
    expect(await run(b)).toMatchObject({ status: 'done', deletedRemote: 0, downloaded: 30 });
    expect(await a.keysInBucket()).toHaveLength(30);
  });

  test('an emptied directory deletes nothing either after the first files came back to it, until a person decides', async () => {
    for (let index = 0; index < 5; index++) await a.write(`uploads/${index}.txt`, String(index));
    await run(a);
    await run(b);
    for (let index = 0; index < 5; index++) await b.remove(`uploads/${index}.txt`);
    await b.write('uploads/other.txt', 'other');
    await a.write('uploads/new.txt', 'new');
    await run(a);
    const heard = { scope: { kind: 'keys' as const, keys: ['uploads/new.txt'], heard: true }, claimedRecently: true };
    expect(await run(b, heard)).toMatchObject({ status: 'done', downloaded: 1 });
    await b.write('uploads/0.txt', '0');
    const again = await run(b);
    expect(again).toMatchObject({
      status: 'refused',
      deletedRemote: 0,
      refused: { guard: 'directory-emptied', count: 4, deletes: { remote: 4, local: 0 } },
    });
    const confirmed = await run(b, { confirm: again.refused?.digest });
    expect(confirmed).toMatchObject({ status: 'done', deletedRemote: 4 });
    await b.remove('uploads/0.txt');
    expect(await run(b)).toMatchObject({ status: 'done', deletedRemote: 1 });
  });

  test('an emptied directory whose files came back is trusted again', async () => {
    for (let index = 0; index < 5; index++) await a.write(`uploads/${index}.txt`, String(index));
    await run(a);
    for (let index = 0; index < 5; index++) await a.remove(`uploads/${index}.txt`);
    expect(await run(a)).toMatchObject({ status: 'refused' });
    for (let index = 0; index < 5; index++) await a.write(`uploads/${index}.txt`, String(index));
    expect(await run(a)).toMatchObject({ status: 'done' });
    await a.remove('uploads/0.txt');
    expect(await run(a)).toMatchObject({ status: 'done', deletedRemote: 1 });
  });

  test('a bucket that was emptied deletes nothing here', async () => {
    await a.write('uploads/x.txt', 'x');
    await run(a);
    await a.deleteObject('uploads/x.txt');
    expect(await run(a)).toMatchObject({ status: 'refused', deletedLocal: 0, refused: { guard: 'bucket-emptied' } });
    expect(await a.read('uploads/x.txt')).toBe('x');
  });

  test('a missing file that a database row still names is fetched back', async () => {
    await a.write('uploads/named.png', 'named');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await a.remove('uploads/named.png');
    const back = await run(a, { referenced: async (keys) => new Set(keys) });
    expect(back).toMatchObject({ status: 'done', downloaded: 1, deletedRemote: 0 });
    expect(await a.read('uploads/named.png')).toBe('named');
  });

  test('a file that somebody else took from the bucket while a database row names it goes up again', async () => {
    const keys = ['uploads/named.txt', 'uploads/other.txt'];
    for (const key of [...keys, 'uploads/kept.txt']) await a.write(key, key);
    await run(a);
    for (const key of keys) await a.deleteObject(key);
    const referenced = async () => new Set(['uploads/named.txt']);
    const mode = { mode: 'MULTI' as const, multi: { feed, trashDays: 7 }, referenced };
    expect((await a.preview(mode)).operations).toMatchObject([
      { key: 'uploads/named.txt', action: 'upload', cause: 'gone-and-named' },
      { key: 'uploads/other.txt', action: 'delete-local' },
    ]);
    expect(await run(a, { referenced })).toMatchObject({ status: 'done', uploaded: 1, deletedLocal: 1 });
    expect(await a.keysInBucket()).toEqual(['uploads/kept.txt', 'uploads/named.txt']);
    expect(await a.read('uploads/named.txt')).toBe('uploads/named.txt');
  });

  test('rows of the feed are applied by key, without a listing', async () => {
    await a.write('uploads/x.txt', 'x');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b);
    await a.write('uploads/new.txt', 'new');
    await a.remove('uploads/x.txt');
    const keys = ['uploads/new.txt', 'uploads/x.txt'];
    expect(await run(a, { scope: { kind: 'keys', keys }, claimedRecently: true })).toMatchObject({
      uploaded: 1,
      deletedRemote: 1,
    });
    const applied = await run(b, {
      scope: { kind: 'keys', keys, byName: new Set(keys), heard: true },
      claimedRecently: true,
    });
    expect(applied).toMatchObject({ status: 'done', downloaded: 1, deletedLocal: 1 });
    expect(applied.requests.ListObjectsV2).toBeUndefined();
  });

  test.each([
    ['had never come', undefined],
    ['had come in an older version', 'old'],
  ])('a media file that is deleted where it %s is gone everywhere, and in a trash', async (_name, old) => {
    await a.write('uploads/other.txt', 'other');
    if (old !== undefined) await a.write('uploads/x.png', old);
    await run(a);
    await run(b);
    await a.write('uploads/x.png', 'newest');
    await run(a);
    if (old !== undefined) await b.remove('uploads/x.png');
    const deleted = await run(b, { scope: { kind: 'keys', keys: ['uploads/x.png'] }, claimedRecently: true });
    expect(deleted).toMatchObject({ status: 'done', deletedRemote: 1, downloaded: 0 });
    expect(await a.keysInBucket()).toEqual(['uploads/other.txt']);
    expect(await trashOf(b)).toMatchObject([{ key: 'uploads/x.png', why: 'deleted', text: 'newest' }]);
    expect(await run(a)).toMatchObject({ status: 'done', uploaded: 0, deletedLocal: 1 });
  });

  test.each([
    ['by name', ['uploads/x.txt']],
    ['by a walk', []],
  ])('a row of the feed deletes nothing in the bucket, whatever is missing here (%s)', async (_name, byName) => {
    await a.write('uploads/x.txt', 'x');
    await a.write('uploads/y.txt', 'y');
    await run(a);
    await run(b);
    await b.remove('uploads/x.txt');
    await b.remove('uploads/y.txt');
    const heard = await run(b, {
      scope: { kind: 'keys', keys: ['uploads/x.txt'], byName: new Set(byName), heard: true },
      claimedRecently: true,
    });
    expect(heard).toMatchObject({ status: 'done', deletedRemote: 0 });
    expect(await a.keysInBucket()).toEqual(['uploads/x.txt', 'uploads/y.txt']);
  });

  test('a file that is written here while its newer version is fetched is not overwritten', async () => {
    await a.write('uploads/x.txt', 'old');
    await run(a);
    await run(b);
    await a.write('uploads/x.txt', 'from a');
    await setTime(a, 'uploads/x.txt', 3_600);
    await run(a);
    await writeFile(b.path('uploads/x.txt'), 'written at b right now');
    await run(b);
    await run(b);
    await run(a);
    expect(await b.read('uploads/x.txt')).toBe('written at b right now');
    expect(await a.read('uploads/x.txt')).toBe('written at b right now');
    expect((await trashOf(b)).map(({ text }) => text)).toContain('from a');
  });

  test('a key that would leave the directory is refused and reported, the rest is fetched', async () => {
    await a.putObject('uploads/ok.txt', 'ok');
    await a.putObject('uploads//double.txt', 'x');
    const result = await run(a);
    expect(result).toMatchObject({ status: 'partial', downloaded: 1 });
    expect(result.failures).toMatchObject([{ key: 'uploads//double.txt', code: 'UNSAFE_KEY' }]);
  });

  test('a file beside a folder of the same name is an error of that key alone', async () => {
    await a.putObject('uploads/a', 'file');
    await a.putObject('uploads/a/b', 'below');
    await a.putObject('uploads/c', 'c');
    const result = await run(a);
    expect(result.status).toBe('partial');
    expect(result.failed).toBe(1);
    expect(await a.read('uploads/c')).toBe('c');
  });

  test('no temporary file stays behind, and the files of the plugin never reach the bucket', async () => {
    await a.write('uploads/x.txt', 'x');
    await run(a);
    await run(b);
    await b.write('uploads/x.txt', 'y');
    await run(b);
    await run(a);
    for (const site of [a, b]) expect((await readdir(site.path('uploads'))).sort()).toEqual(['.s3-sync', 'x.txt']);
    expect(await a.keysInBucket()).toEqual(['uploads/x.txt']);
  });
});
