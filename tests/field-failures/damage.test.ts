import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClassicLevel } from 'classic-level';
import { Trash } from '../../server/src/sync/local/Trash';
import { MemoryFeed } from '../support/MemoryFeed';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';

/** State that lost or changed its bytes. Entries are numbered as in README.md. */
describe('A state folder that is damaged [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let site: SyncedDirectory;

  const create = async (): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store);
    directories.push(directory);
    return directory;
  };
  const run = (mode: 'SINGLE' | 'MULTI', one = site): Promise<RunResult> =>
    one.run({ mode, ...(mode === 'MULTI' ? { multi: { feed, trashDays: 7 } } : {}) });
  const baseOf = async (one: SyncedDirectory): Promise<string> => {
    const state = one.path('uploads/.s3-sync');
    const name = (await readdir(state)).find((entry) => /^base-[0-9a-f]+$/.test(entry));
    if (name === undefined) throw new Error('There is no base.');
    return path.join(state, name);
  };
  const forEachFile = async (folder: string, work: (file: string) => Promise<void>): Promise<void> => {
    for (const name of await readdir(folder)) await work(path.join(folder, name));
  };

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  beforeEach(async () => {
    feed = new MemoryFeed();
    site = await create();
    for (let index = 0; index < 6; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
  });
  afterAll(async () => {
    await store.server.close();
    await Promise.all(directories.map((directory) => directory.dispose()));
  });

  // BasicSync PR#85
  const DAMAGES: [name: string, isSetAside: boolean, damage: (base: string) => Promise<void>][] = [
    [
      'cut in half',
      true,
      (base) => forEachFile(base, async (file) => truncate(file, (await readFile(file)).length >> 1)),
    ],
    ['emptied', true, (base) => forEachFile(base, (file) => truncate(file, 0))],
    ['garbage', true, (base) => forEachFile(base, (file) => writeFile(file, 'garbage '.repeat(100)))],
    ['of another version', true, putOtherVersion],
    ['a file', true, (base) => rm(base, { recursive: true }).then(() => writeFile(base, 'a file'))],
    ['gone', false, (base) => rm(base, { recursive: true })],
  ];

  test.each(
    DAMAGES.flatMap(([name, isSetAside, damage]) => [
      { name, isSetAside, damage, mode: 'SINGLE' as const },
      { name, isSetAside, damage, mode: 'MULTI' as const },
    ]),
  )('18. the base is $name: it is set aside and built anew, and nothing is deleted ($mode)', async (damaged) => {
    const { name, isSetAside, damage, mode } = damaged;
    expect(await run(mode)).toMatchObject({ status: 'done', uploaded: 6 });
    await damage(await baseOf(site));
    await site.write('uploads/new.txt', 'new');
    const reports = [await run(mode), await run(mode)];
    for (const report of reports) {
      expect(report).toMatchObject({ deletedRemote: 0, deletedLocal: 0, conflicts: 0, downloaded: 0 });
    }
    expect(reports[1]).toMatchObject({ status: 'done', uploaded: 0 });
    expect(await site.keysInBucket()).toHaveLength(7);
    expect(await site.read('uploads/3.txt')).toBe('content 3');
    const left = (await readdir(site.path('uploads/.s3-sync'))).filter((entry) => entry.includes('.damaged-'));
    expect([name, left.length > 0]).toEqual([name, isSetAside]);
    // The new base is a good one: a deletion is seen as such.
    await site.remove('uploads/3.txt');
    expect(await run(mode)).toMatchObject({ status: 'done', deletedRemote: 1 });
  });

  test('18. the base of another bucket says nothing of this one', async () => {
    const other = await create();
    await other.write('uploads/other.txt', 'other');
    await run('MULTI', other);
    await run('MULTI');
    await rm(site.path('uploads/.s3-sync'), { recursive: true });
    await rename(other.path('uploads/.s3-sync'), site.path('uploads/.s3-sync'));
    expect(await run('MULTI')).toMatchObject({ status: 'done', deletedLocal: 0, deletedRemote: 0, uploaded: 0 });
    expect(await site.keysInBucket()).toHaveLength(6);
  });

  test('18. damaged records of the trash are passed over: the others are listed, and syncs go on', async () => {
    await run('MULTI');
    for (let index = 0; index < 3; index++) await site.deleteObject(`uploads/${index}.txt`);
    expect(await run('MULTI')).toMatchObject({ status: 'done', deletedLocal: 3 });
    const state = site.path('uploads/.s3-sync');
    const trash = new Trash(state);
    const [first, second, third] = await trash.list();
    if (!first || !second || !third) throw new Error('Three files were deleted.');
    await writeFile(`${trash.pathOf(first.id)}.json`, 'garbage');
    await truncate(`${trash.pathOf(second.id)}.json`, 5);
    expect((await trash.list()).map(({ key }) => key)).toEqual([third.key]);
    expect(await readFile(trash.pathOf(first.id), 'utf8')).toMatch(/^content/);
    await site.deleteObject('uploads/3.txt');
    expect(await run('MULTI')).toMatchObject({ status: 'done', deletedLocal: 1 });
    expect(await trash.list()).toHaveLength(2);
  });
});

async function putOtherVersion(base: string): Promise<void> {
  const level = new ClassicLevel(base, { createIfMissing: false });
  await level.put('m!version', '999');
  await level.close();
}
