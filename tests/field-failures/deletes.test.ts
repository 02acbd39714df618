import { cp, mkdir, rename, rm } from 'node:fs/promises';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { mountTmpfs, testWithMounts } from '../support/mountTmpfs';
import { putPolicy } from '../support/putPolicy';
import { describeEachStore, type Store } from '../support/stores';
import { SyncedDirectory, type RunResult, type SyncedDirectoryOptions } from '../support/SyncedDirectory';
import { tell } from './support/tell';

/** Files that other tools delete in the field. Entries are numbered as in README.md. */
describeEachStore('What must not be deleted', (store) => {
  const directories: SyncedDirectory[] = [];
  const create = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), { bucket: { maxAttempts: 2 }, ...options });
    directories.push(directory);
    return directory;
  };
  afterEach(() => store().server?.clearFaults());
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  /** A directory on a bucket in which the second user, who syncs, is refused something from `deny` on. */
  const createWithPolicy = async (): Promise<SyncedDirectory> => {
    const bucketName = await store().createBucket();
    await putPolicy(store(), bucketName, []);
    const { server, credentials, secondUser } = store();
    return create({ bucketName, bucket: { maxAttempts: 2, credentials: server ? credentials : secondUser } });
  };
  const multi = (feed: MemoryFeed): Partial<SyncOptions> => ({ mode: 'MULTI', multi: { feed, trashDays: 7 } });

  // aws-cli#1564, rclone#1186, rclone#4298
  testWithMounts(
    '1. the disk of uploads is unmounted: nothing is deleted, and a person is told what to check',
    async () => {
      const site = await create();
      const disk = mountTmpfs(site.path('uploads'));
      try {
        for (let index = 0; index < 12; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
        expect(await site.run()).toMatchObject({ status: 'done', uploaded: 12 });
      } finally {
        disk.unmount();
      }
      for (let times = 0; times < 2; times++) {
        const run = await site.run();
        expect(run).toMatchObject({ status: 'refused', deletedRemote: 0, refused: { guard: 'directory-emptied' } });
        expect(tell(run)).toMatchObject({ exitCode: 3 });
        expect(tell(run).text).toMatch(/Guard directory-emptied: .*(mount|disk)/);
      }
      expect(await site.keysInBucket()).toHaveLength(12);
    },
  );

  // aws-cli#1564, rclone#4298
  test('1. the directory is renamed away while servers of MULTI mode run: nothing is deleted anywhere', async () => {
    const feed = new MemoryFeed();
    const a = await create();
    const b = await create({ bucketName: a.bucketName });
    for (let index = 0; index < 12; index++) await a.write(`uploads/${index}.txt`, `content ${index}`);
    await a.run(multi(feed));
    await b.run(multi(feed));
    await rename(a.path('uploads'), a.path('moved'));
    const gone = await a.run(multi(feed));
    expect(gone).toMatchObject({ deletedRemote: 0, deletedLocal: 0 });
    expect(gone.status).not.toBe('done');
    expect(tell(gone).text).toContain(a.root);
    expect(tell(gone).exitCode).not.toBe(0);
    expect(await b.run(multi(feed))).toMatchObject({ status: 'done', deletedLocal: 0, deletedRemote: 0 });
    expect(await a.keysInBucket()).toHaveLength(12);
    await mkdir(a.path('uploads'));
    expect(await a.run(multi(feed))).toMatchObject({ downloaded: 12, deletedRemote: 0 });
  });

  // s5cmd#695
  test.each(['SINGLE', 'MULTI'] as const)(
    '2. a listing that is refused is no empty bucket: nothing is deleted on either side (%s)',
    async (mode) => {
      const feed = new MemoryFeed();
      const more = mode === 'MULTI' ? multi(feed) : {};
      const site = await createWithPolicy();
      for (let index = 0; index < 12; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
      expect(await site.run(more)).toMatchObject({ status: 'done', uploaded: 12 });
      await site.remove('uploads/1.txt');
      await refuse(store(), site, 's3:ListBucket', 'ListObjectsV2');
      const run = await site.run(more);
      expect(run).toMatchObject({ status: 'failed', deletedRemote: 0, deletedLocal: 0 });
      expect(tell(run)).toMatchObject({ exitCode: 1 });
      expect(tell(run).text).toContain('The store refused s3:ListBucket in the bucket');
      expect(tell(run).text).toContain('Allow s3:ListBucket on this bucket in the policy of these credentials.');
      expect(await site.read('uploads/2.txt')).toBe('content 2');
      store().server?.clearFaults();
      await putPolicy(store(), site.bucketName, []);
      expect(await site.keysInBucket()).toHaveLength(12);
    },
  );

  // s5cmd#815, aws-cli#1481
  test.each(['SINGLE', 'MULTI'] as const)(
    '6. what was synced and is excluded now stays on both sides (%s)',
    async (mode) => {
      const feed = new MemoryFeed();
      const more = mode === 'MULTI' ? multi(feed) : {};
      const before = await create();
      await before.write('uploads/kept/a.txt', 'a');
      await before.write('uploads/b.txt', 'b');
      expect(await before.run(more)).toMatchObject({ status: 'done', uploaded: 2 });
      const after = await create({ bucketName: before.bucketName, exclude: ['uploads/kept/**', '**/.*', '**/.*/**'] });
      await rm(after.path('uploads'), { recursive: true });
      await rename(before.path('uploads'), after.path('uploads'));
      expect(await after.run(more)).toMatchObject({ status: 'done', deletedRemote: 0, deletedLocal: 0 });
      await after.remove('uploads/kept');
      expect(await after.run(more)).toMatchObject({ status: 'done', deletedRemote: 0, deletedLocal: 0 });
      expect(await after.keysInBucket()).toEqual(['uploads/b.txt', 'uploads/kept/a.txt']);
    },
  );

  // aws-cli#1417, aws-cli#4809
  test('7. while an upload is refused nothing is deleted, and the refusal is told by key with its fix', async () => {
    const site = await createWithPolicy();
    for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    await site.run();
    await site.remove('uploads/1.txt');
    await site.write('uploads/refused.txt', 'new');
    await site.write('uploads/taken.txt', 'new');
    await refuse(store(), site, 's3:PutObject', 'PutObject', 'uploads/refused.txt');
    const run = await site.run();
    expect(run).toMatchObject({ status: 'partial', uploaded: 1, deletedRemote: 0, withheld: 1, failed: 1 });
    const told = tell(run);
    expect(told.exitCode).toBe(4);
    expect(told.text).toContain('uploads/refused.txt: The store refused s3:PutObject for uploads/refused.txt');
    expect(told.text).toContain('Allow s3:PutObject on this bucket');
    expect(told.text).toMatch(/uploads\/1\.txt: .*\(WITHHELD\)/);
    expect(await site.keysInBucket()).toContain('uploads/1.txt');
  });

  test('7. a file that a person deleted by name goes, whatever else of the same wish is refused', async () => {
    const site = await createWithPolicy();
    for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    await site.run();
    await site.remove('uploads/1.txt');
    await site.write('uploads/refused.txt', 'new');
    await refuse(store(), site, 's3:PutObject', 'PutObject', 'uploads/refused.txt');
    const keys = ['uploads/1.txt', 'uploads/refused.txt'];
    const run = await site.run({ scope: { kind: 'keys', keys, deleted: ['uploads/1.txt'] } });
    expect(run).toMatchObject({ status: 'partial', deletedRemote: 1, withheld: 0, failed: 1 });
    expect(await site.keysInBucket()).not.toContain('uploads/1.txt');
  });

  // aws-cli#4809
  test('7. deletes come after the last upload', async () => {
    const site = await create();
    for (let index = 0; index < 20; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    await site.run();
    for (let index = 0; index < 5; index++) await site.remove(`uploads/${index}.txt`);
    for (let index = 20; index < 40; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    const phases: string[] = [];
    const run = await site.run({
      onProgress: ({ phase, uploaded, deletedRemote }) => phases.push(`${phase} ${uploaded} ${deletedRemote}`),
    });
    expect(run).toMatchObject({ status: 'done', uploaded: 20, deletedRemote: 5 });
    expect(phases).toContain('deleting 20 0');
    const order =
      store()
        .server?.requests()
        .filter(({ bucket }) => bucket === site.bucketName) ?? [];
    const lastPut = order.findLastIndex(({ operation }) => operation === 'PutObject');
    expect(order.findIndex(({ operation }) => operation === 'DeleteObjects')).toBeGreaterThan(
      order.length > 0 ? lastPut : -2,
    );
  });

  // s3-sync-client, reproduced
  test('16. a delete that is refused for one key is told, is not counted, and is tried again', async () => {
    const site = await createWithPolicy();
    for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    await site.run();
    await site.remove('uploads/1.txt');
    await site.remove('uploads/2.txt');
    await putPolicy(store(), site.bucketName, [{ action: 's3:DeleteObject', keys: 'uploads/1.txt' }]);
    store().server?.fault({ kind: 'key-error', code: 'AccessDenied', match: { key: 'uploads/1.txt' } });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'partial', deletedRemote: 1, failed: 1 });
    const told = tell(run);
    expect(told.exitCode).toBe(4);
    expect(told.text).toContain('1 deleted in the bucket');
    expect(told.text).toContain('uploads/1.txt: The store refused s3:DeleteObject for uploads/1.txt');
    expect(await site.keysInBucket()).toContain('uploads/1.txt');
    store().server?.clearFaults();
    await putPolicy(store(), site.bucketName, []);
    expect(await site.run()).toMatchObject({ status: 'done', deletedRemote: 1 });
    expect(await site.keysInBucket()).not.toContain('uploads/1.txt');
  });

  // BasicSync PR#85
  test.each(['SINGLE', 'MULTI'] as const)(
    '18. the state folder of another day beside the files of today deletes and overwrites nothing (%s)',
    async (mode) => {
      const feed = new MemoryFeed();
      const more = mode === 'MULTI' ? multi(feed) : {};
      const site = await create();
      for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
      await site.run(more);
      const backup = await create({ bucketName: site.bucketName });
      await copyState(site, backup);
      await site.write('uploads/later.txt', 'later');
      await site.write('uploads/1.txt', 'changed later');
      await site.run(more);
      await site.remove('uploads/.s3-sync');
      await rename(backup.path('uploads/.s3-sync'), site.path('uploads/.s3-sync'));
      const run = await site.run(more);
      expect(run).toMatchObject({ status: 'done', deletedRemote: 0, deletedLocal: 0, conflicts: 0 });
      expect(await site.read('uploads/1.txt')).toBe('changed later');
      expect((await site.getObject('uploads/1.txt')).body.toString()).toBe('changed later');
      expect(await site.keysInBucket()).toHaveLength(6);
    },
  );

  // nextcloud/server#46726
  test('23. a second site in SINGLE mode on the same bucket writes nothing, and is told how to take it over', async () => {
    const first = await create();
    await first.write('uploads/a.txt', 'a');
    await first.run();
    const second = await create({ bucketName: first.bucketName });
    await second.write('uploads/b.txt', 'b');
    const run: RunResult = await second.run({ owner: { siteId: 'site-2', databaseHash: 'database-2' } });
    expect(run).toMatchObject({ status: 'refused', uploaded: 0, deletedRemote: 0, refused: { guard: 'other-site' } });
    expect(Object.keys(run.requests).filter((kind) => /^(Put|Delete|Create|Copy)/.test(kind))).toEqual([]);
    const told = tell(run);
    expect(told.exitCode).toBe(3);
    expect(told.text).toContain('To go on all the same: s3-sync sync --force');
    expect(await first.keysInBucket()).toEqual(['uploads/a.txt']);
  });
});

/** From now on the store refuses one action: by policy, or by a fault where the store is the project's own. */
async function refuse(
  store: Store,
  { bucketName }: SyncedDirectory,
  action: string,
  operation: 'ListObjectsV2' | 'PutObject',
  key?: string,
): Promise<void> {
  if (store.server) {
    const match = { operation, ...(key === undefined ? {} : { key }) };
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match });
    return;
  }
  await putPolicy(store, bucketName, [{ action, ...(key === undefined ? {} : { keys: key }) }]);
}

/** Copies the state folder, as a backup does. */
async function copyState(from: SyncedDirectory, to: SyncedDirectory): Promise<void> {
  await cp(from.path('uploads/.s3-sync'), to.path('uploads/.s3-sync'), { recursive: true, preserveTimestamps: true });
}
