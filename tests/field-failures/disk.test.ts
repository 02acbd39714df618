import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineProcess, type EngineProcessOptions } from '../support/EngineProcess';
import { MemoryFeed } from '../support/MemoryFeed';
import { mountTmpfs, testWithMounts } from '../support/mountTmpfs';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';
import { tell } from './support/tell';

const KIB = 1024;
/** A user without rights, on every Linux. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const engineProcess = path.join(__dirname, '..', 'support', 'engine-process');

/** Disks that are full, closed or odd. Entries are numbered as in README.md. */
describe('A disk that goes wrong [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;

  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store, bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  const multi = (site: SyncedDirectory): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
  /** A run in a process of its own. */
  const runApart = async (site: SyncedDirectory, options: EngineProcessOptions): Promise<RunResult> => {
    const end = await new EngineProcess(options).sync({ wish: site.wish(), mode: 'MULTI', feed });
    if (end.kind === 'killed') throw new Error('Nobody was to be killed.');
    return end.result;
  };
  /** A run that permissions bind: root's would read everything. */
  const runBound = (site: SyncedDirectory): Promise<RunResult> =>
    runApart(site, { require: [], ...(isRoot ? { uid: NOBODY } : {}) });
  const giveAway = (site: SyncedDirectory): void => {
    if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, site.root]);
  };
  const temporaries = async (site: SyncedDirectory): Promise<string[]> =>
    (await readdir(site.path('uploads'), { recursive: true })).filter((name) => name.includes('s3-sync-tmp'));

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  beforeEach(() => {
    feed = new MemoryFeed();
  });
  afterEach(() => {
    store.server.clearFaults();
  });
  afterAll(async () => {
    await store.server.close();
    await Promise.all(directories.map((directory) => directory.dispose()));
  });

  testWithMounts(
    '15. a full disk: what does not fit is told by key, the rest is synced, nothing is left of it',
    async () => {
      const site = await create();
      const disk = mountTmpfs(site.path('uploads'), 'size=3m');
      try {
        await site.write('uploads/mine.txt', 'mine');
        await multi(site);
        await site.putObject('uploads/big.bin', Buffer.alloc(8 * 1024 * KIB, 'big'));
        await site.putObject('uploads/small.txt', 'small');
        await site.write('uploads/new.txt', 'new');
        const run = await multi(site);
        expect(run).toMatchObject({ status: 'partial', uploaded: 1, downloaded: 1, failed: 1 });
        const told = tell(run);
        expect(told.exitCode).toBe(4);
        expect(told.text).toContain('uploads/big.bin could not be written here (ENOSPC).');
        expect(told.text).toContain('Free some space on the disk.');
        expect(await temporaries(site)).toEqual([]);
        expect(await site.keysInBucket()).toHaveLength(4);
      } finally {
        disk.unmount();
      }
    },
  );

  testWithMounts(
    '15. a disk without any room left: the run fails with the reason, and the next one makes up for it',
    async () => {
      const site = await create();
      const disk = mountTmpfs(site.path('uploads'), 'size=2m');
      try {
        for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
        await site.run();
        await site.remove('uploads/0.txt');
        await writeFile(site.path('uploads/.filler'), Buffer.alloc(3 * 1024 * KIB)).catch(() => undefined);
        for (let index = 5; index < 9; index++) {
          await site.putObject(`uploads/other-${index}.txt`, 'x');
          await writeFile(site.path(`uploads/.filler-${index}`), Buffer.alloc(4 * KIB)).catch(() => undefined);
        }
        const run = await multi(site);
        expect(run).toMatchObject({ deletedRemote: 0, deletedLocal: 0 });
        expect(run.status).toMatch(/^(failed|partial|refused)$/);
        const told = tell(run);
        expect(told.exitCode).not.toBe(0);
        expect(told.text).toMatch(/space|disk|written by the server/);
        expect(told.text).not.toContain('INTERNAL');
        await rm(site.path('uploads/.filler'), { force: true });
        expect((await site.run()).status).toMatch(/^(done|refused)$/);
        expect(await site.keysInBucket()).toEqual(expect.arrayContaining(['uploads/1.txt', 'uploads/4.txt']));
      } finally {
        disk.unmount();
      }
    },
  );

  testWithMounts('15. a disk that became read-only: nothing is deleted anywhere, and a person is told', async () => {
    const site = await create();
    const disk = mountTmpfs(site.path('uploads'), 'size=8m');
    try {
      for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
      await multi(site);
      await site.deleteObject('uploads/1.txt');
      await site.putObject('uploads/2.txt', 'changed elsewhere');
      execFileSync('mount', ['-o', 'remount,ro', site.path('uploads')]);
      const run = await multi(site);
      expect(run.status).toMatch(/^(failed|refused)$/);
      expect(run).toMatchObject({ deletedRemote: 0, deletedLocal: 0 });
      const told = tell(run);
      expect(told.exitCode).not.toBe(0);
      expect(told.text).toMatch(/can be written by the server|read-only/);
      expect(told.text).not.toContain('INTERNAL');
      expect(await site.read('uploads/1.txt')).toBe('content 1');
      execFileSync('mount', ['-o', 'remount,rw', site.path('uploads')]);
      expect(await multi(site)).toMatchObject({ status: 'done', downloaded: 1, deletedLocal: 1 });
    } finally {
      disk.unmount();
    }
  });

  // s5cmd#869, s5cmd#720
  test('15. a folder and a file that may not be read are told by key, the rest is synced, nothing is deleted', async () => {
    const site = await create();
    for (const key of ['open/a.txt', 'closed/b.txt', 'secret.txt', 'gone.txt']) await site.write(`uploads/${key}`, key);
    giveAway(site);
    expect(await runBound(site)).toMatchObject({ status: 'done', uploaded: 4 });
    await site.write('uploads/secret.txt', 'changed');
    await site.write('uploads/open/new.txt', 'new');
    await site.remove('uploads/gone.txt');
    await chmod(site.path('uploads/closed'), 0);
    giveAway(site);
    await chmod(site.path('uploads/secret.txt'), 0);
    const run = await runBound(site);
    expect(run).toMatchObject({ status: 'partial', uploaded: 1, deletedRemote: 0, deletedLocal: 0, failed: 2 });
    const told = tell(run);
    expect(told.exitCode).toBe(4);
    expect(told.text).toContain('uploads/closed cannot be read (EACCES).');
    expect(told.text).toContain('uploads/secret.txt cannot be read (EACCES).');
    expect(told.text).toContain('Give the server permission to read it, and check the disk.');
    expect(await site.keysInBucket()).toEqual(expect.arrayContaining(['uploads/closed/b.txt', 'uploads/gone.txt']));
    await chmod(site.path('uploads/closed'), 0o755);
  });

  test('15. a folder that may not be written to is told by key, and the rest is downloaded', async () => {
    const site = await create();
    await mkdir(site.path('uploads/closed'));
    giveAway(site);
    await chmod(site.path('uploads/closed'), 0o555);
    await site.putObject('uploads/closed/a.txt', 'a');
    await site.putObject('uploads/open/b.txt', 'b');
    const run = await runBound(site);
    expect(run).toMatchObject({ status: 'partial', downloaded: 1, failed: 1, deletedRemote: 0 });
    const told = tell(run);
    expect(told.text).toContain('uploads/closed/a.txt could not be written here (EACCES).');
    expect(told.text).toContain('Give the server permission to write there.');
    expect(told.exitCode).toBe(4);
  });

  // rclone#7449
  test('14. a file that goes between the walk and the reading is no error, and is gone in the bucket a run later', async () => {
    const site = await create();
    await site.write('uploads/vanishing.txt', 'first');
    await site.write('uploads/kept.txt', 'kept');
    await multi(site);
    await site.write('uploads/vanishing.txt', 'other');
    const run = await runApart(site, { require: [path.join(engineProcess, 'vanishingFile.cjs')] });
    expect(run.failures).toEqual([]);
    expect((await multi(site)).status).toBe('done');
    expect(await site.keysInBucket()).toEqual(['uploads/kept.txt']);
  });

  // aws-cli#1639, aws-cli#9596
  test('12. on a disk that folds case and Unicode form, twins are told by key; none overwrites or deletes the other', async () => {
    const other = await create();
    const twins = ['Image.PNG', 'image.png', 'caf\u00e9.txt', 'cafe\u0301.txt', 'Folder/a.txt', 'folder/b.txt'];
    for (const name of twins) await other.write(`uploads/${name}`, `content of ${name}`);
    await multi(other);
    const site = await create(other.bucketName);
    const wish = site.wish();
    const directory = site.path('folding');
    await mkdir(path.join(directory, 'uploads'), { recursive: true });
    const folding = { require: [path.join(engineProcess, 'foldingFileSystem.cjs')] };
    for (let times = 0; times < 2; times++) {
      const end = await new EngineProcess(folding).sync({
        wish: { ...wish, directory },
        mode: 'MULTI',
        feed,
        concurrency: 1,
      });
      if (end.kind === 'killed') throw new Error('Nobody was to be killed.');
      const { result } = end;
      expect(result).toMatchObject({ status: 'partial', failed: 3, conflicts: 0, deletedRemote: 0, deletedLocal: 0 });
      const told = tell(result);
      expect(told.exitCode).toBe(4);
      expect(told.text).toMatch(/image\.png cannot be synced: this disk does not tell image\.png apart/i);
      expect(told.text).toContain('Rename the file, or exclude it.');
    }
    expect(await multi(other)).toMatchObject({ status: 'done', downloaded: 0, deletedLocal: 0, uploaded: 0 });
    for (const name of twins) {
      expect(await other.read(`uploads/${name}`)).toBe(`content of ${name}`);
      expect((await other.getObject(`uploads/${name}`)).body.toString()).toBe(`content of ${name}`);
    }
  });
});
