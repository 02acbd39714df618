import { readdir, rm, writeFile } from 'node:fs/promises';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory, type RunResult, type SyncedDirectoryOptions } from '../support/SyncedDirectory';

const MIB = 1024 * 1024;

describe('SINGLE mode on a store that goes wrong [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  const directories: SyncedDirectory[] = [];
  const create = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store, { bucket: { maxAttempts: 3 }, pageSize: 10, ...options });
    directories.push(directory);
    return directory;
  };
  /** A synced site of 40 files, of which two were deleted and one was added since. */
  const createChanged = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const site = await create(options);
    for (let index = 10; index < 50; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    expect((await site.run()).status).toBe('done');
    await site.remove('uploads/10.txt');
    await site.remove('uploads/40.txt');
    await site.write('uploads/new.txt', 'new');
    return site;
  };

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  beforeEach(() => {
    // The pause before a further attempt is random, from none at all up.
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    jest.restoreAllMocks();
    store.server.clearFaults();
  });
  afterAll(async () => {
    await store.server.close();
    await Promise.all(directories.map((directory) => directory.dispose()));
  });

  test.each([
    ['a 500 on page 3 that stays', { kind: 'status', status: 500 }],
    ['a page cut off on its way', { kind: 'cut-body' }],
    ['a page that is not the last and names no next one', { kind: 'truncated-page' }],
    ['a page with fewer keys than it says', { kind: 'short-page' }],
    ['half of the XML as if it were all', { kind: 'broken-xml' }],
    ['a refusal', { kind: 'status', status: 403, code: 'AccessDenied' }],
  ] as const)('nothing is deleted after a listing that failed: %s (s5cmd#695)', async (_name, fault) => {
    const site = await createChanged({ bucket: { maxAttempts: 1 } });
    // The owner mark is listed first, then come the pages.
    store.server.fault({ ...fault, match: { operation: 'ListObjectsV2', from: 3 } });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'failed', deletedRemote: 0 });
    store.server.clearFaults();
    expect(await site.keysInBucket()).toEqual(expect.arrayContaining(['uploads/10.txt', 'uploads/40.txt']));
  });

  test.each([
    ['pages in reverse order', { kind: 'unsorted-page' }],
    ['pages that repeat themselves once', { kind: 'repeated-page', times: 1 }],
  ] as const)('a listing out of order is sorted, not trusted: %s (rclone#9002)', async (_name, fault) => {
    const site = await createChanged();
    store.server.fault({ ...fault, match: { operation: 'ListObjectsV2' } });
    const run = await site.run();
    store.server.clearFaults();
    if (run.status === 'done') expect(run).toMatchObject({ uploaded: 1, deletedRemote: 2 });
    else expect(run).toMatchObject({ status: 'failed', deletedRemote: 0 });
    const keys = await site.keysInBucket();
    for (let index = 11; index < 40; index++) expect(keys).toContain(`uploads/${index}.txt`);
  });

  test('one refused upload is reported by key, the rest is uploaded, and nothing is deleted (aws-cli#1417)', async () => {
    const site = await createChanged();
    await site.write('uploads/refused.txt', 'refused');
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'PutObject', key: 'uploads/refused.txt' },
    });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'partial', uploaded: 1, deletedRemote: 0, failed: 1, withheld: 2 });
    expect(run.failures).toContainEqual(expect.objectContaining({ key: 'uploads/refused.txt', code: 'ACCESS_DENIED' }));
    store.server.clearFaults();
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 2 });
  });

  test('a delete the store rejects is reported and not counted as done', async () => {
    const site = await createChanged();
    store.server.fault({ kind: 'key-error', code: 'AccessDenied', match: { operation: 'DeleteObjects' } });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'partial', deletedRemote: 0, failed: 2 });
    expect(run.failures).toContainEqual(expect.objectContaining({ key: 'uploads/10.txt', code: 'ACCESS_DENIED' }));
    expect(await site.keysInBucket()).toContain('uploads/10.txt');
    store.server.clearFaults();
    expect(await site.run()).toMatchObject({ status: 'done', deletedRemote: 2 });
  });

  test('an upload whose answer was lost is adopted, not sent again', async () => {
    const site = await create({ bucket: { maxAttempts: 1 } });
    await site.write('uploads/a.txt', 'a');
    await site.run();
    await site.write('uploads/b.txt', 'b');
    store.server.fault({ kind: 'lost-answer', match: { operation: 'PutObject' }, times: 1 });
    expect((await site.run()).status).not.toBe('done');
    const next = await site.run();
    expect(next).toMatchObject({ status: 'done', uploaded: 0, unchanged: 2 });
  });

  test('a storm in which a third of all requests are answered SlowDown ends well', async () => {
    const site = await create({ bucket: { maxAttempts: 8 } });
    for (let index = 0; index < 40; index++) await site.write(`uploads/${index}.txt`, String(index));
    store.server.fault({ kind: 'status', status: 503, code: 'SlowDown', match: { probability: 0.33 } });
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 40 });
  });

  test('a store that never answers ends the run, with the reason', async () => {
    const site = await create({ bucket: { maxAttempts: 2, timeouts: { connectMs: 300, idleMs: 300 } } });
    await site.write('uploads/a.txt', 'a');
    store.server.fault({ kind: 'hang' });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'failed', error: { code: 'STORE_TIMEOUT' } });
    expect(run.durationMs).toBeLessThan(30_000);
  });

  test('a store that goes away in the middle ends the run at once instead of failing file by file', async () => {
    const site = await create({ bucket: { maxAttempts: 2 } });
    for (let index = 0; index < 200; index++) await site.write(`uploads/${index}.txt`, String(index));
    store.server.fault({ kind: 'reset', match: { operation: 'PutObject' } });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'failed', error: { code: 'STORE_UNREACHABLE' } });
  });

  test('uploads that are all refused end the run after a hundred, with the reason', async () => {
    const site = await create();
    for (let index = 0; index < 150; index++) await site.write(`uploads/${index}.txt`, String(index));
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'PutObject', key: /uploads/ },
    });
    const run = await site.run();
    expect(run).toMatchObject({ status: 'failed', error: { code: 'ACCESS_DENIED' } });
    expect(run.error?.message).toContain('100 files in a row');
  });

  test('a large file that fails in the middle leaves no unfinished upload', async () => {
    const site = await create();
    await site.write('uploads/large.bin', Buffer.alloc(20 * MIB, 3));
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'UploadPart', nth: 2 },
    });
    expect(await site.run()).toMatchObject({ status: 'partial', failed: 1 });
    expect(store.server.listUploads(site.bucketName)).toEqual([]);
  });

  test('ETags that are no MD5 do not make files go up for ever (rclone#1824)', async () => {
    const site = await create();
    store.server.fault({ kind: 'opaque-etag' });
    await site.write('uploads/a.txt', 'a');
    await site.run();
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 0 });
    await rm(site.path('uploads/.s3-sync'), { recursive: true });
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 0, unchanged: 1 });
  });

  test('a large file that changes while it is uploaded is uploaded as it is at the end', async () => {
    const site = await create();
    await site.write('uploads/large.bin', Buffer.alloc(20 * MIB, 4));
    store.server.fault({ kind: 'delay', ms: 1_000, match: { operation: 'UploadPart' }, times: 3 });
    const running = site.run();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writeFile(site.path('uploads/large.bin'), Buffer.alloc(10 * MIB, 5));
    expect(await running).toMatchObject({ status: 'done', uploaded: 1 });
    expect((await site.getObject('uploads/large.bin')).body.equals(Buffer.alloc(10 * MIB, 5))).toBe(true);
  });

  test('a damaged base is set aside, and nothing is deleted or sent for it', async () => {
    const site = await createChanged();
    const state = site.path('uploads/.s3-sync');
    const base = (await readdir(state)).find((name) => name.startsWith('base-')) ?? '';
    for (const name of await readdir(`${state}/${base}`)) await writeFile(`${state}/${base}/${name}`, 'garbage');
    const run = await site.run();
    expect(run).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 2 });
    expect((await readdir(state)).some((name) => name.includes('.damaged-'))).toBe(true);
  });

  test('a second process that syncs the same directory is told so and changes nothing', async () => {
    const site = await create();
    for (let index = 0; index < 20; index++) await site.write(`uploads/${index}.txt`, String(index));
    store.server.fault({ kind: 'delay', ms: 500, match: { operation: 'PutObject' } });
    let first: Promise<RunResult> | undefined;
    await new Promise<void>((resolve) => {
      first = site.run({
        onProgress: ({ phase }) => {
          if (phase === 'syncing') resolve();
        },
      });
    });
    const second = await site.run();
    expect(await first).toMatchObject({ status: 'done', uploaded: 20 });
    expect(second).toMatchObject({ status: 'failed', uploaded: 0, error: { code: 'BASE_LOCKED' } });
  });
});
