import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { sync } from '../../server/src/sync/sync';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { putPolicy } from '../support/putPolicy';
import { runEngine } from '../support/runEngine';
import type { FaultAction } from '../support/s3-server/Faults';
import { describeEachStore, startInProjectStore } from '../support/stores';
import { SyncedDirectory, type RunResult, type SyncedDirectoryOptions } from '../support/SyncedDirectory';
import { toldByCli } from '../support/toldByCli';
import { withClockOffset } from '../support/withClockOffset';

const MIB = 1024 * 1024;
const MINUTE = 60_000;

/** All cases with `npm run test:long`, and each n-th with `npm test`. */
function sample<Case>(cases: readonly Case[], nth: number): Case[] {
  return cases.filter((_case, index) => process.env.S3_SYNC_LONG === '1' || index % nth === 0);
}

/** Stores that fail in the middle of a whole run. Entries are numbered as in README.md. */
describe('A store that fails in the middle of a run [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let a: SyncedDirectory;
  let b: SyncedDirectory;

  const create = async (options: SyncedDirectoryOptions): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store, options);
    directories.push(directory);
    return directory;
  };
  const multi = (site: SyncedDirectory, more: Partial<SyncOptions> = {}): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, ...more });

  /** A run that gives up sooner than others: these may meet a busy machine. */
  const multiImpatient = (site: SyncedDirectory, impatience: Partial<BucketSettings>): Promise<RunResult> => {
    const wish = site.wish();
    const settings = { ...wish.settings, ...impatience };
    return runEngine(sync, { ...wish, settings }, { mode: 'MULTI', multi: { feed, trashDays: 7 } });
  };

  /** Two servers in step, and then changes of every kind that wait for `b`'s next run. */
  const createChanged = async (): Promise<void> => {
    feed = new MemoryFeed();
    a = await create({ bucket: { maxAttempts: 8 } });
    b = await create({ bucketName: a.bucketName, bucket: { maxAttempts: 12 }, pageSize: 3 });
    for (let index = 0; index < 7; index++) await a.write(`uploads/${index}.txt`, `content ${index}`);
    await multi(a);
    await multi(b);
    await a.write('uploads/0.txt', 'changed by a');
    await a.write('uploads/1.txt', 'changed by both, a');
    await a.write('uploads/new-a.txt', 'new of a');
    await a.remove('uploads/2.txt');
    await multi(a);
    await b.write('uploads/1.txt', 'changed by both, b, and newer');
    await b.write('uploads/3.txt', 'changed by b');
    await b.write('uploads/new-b.txt', 'new of b');
    await b.write('uploads/large.bin', Buffer.alloc(9 * MIB, 'large'));
    await b.remove('uploads/4.txt');
  };

  /** Both servers and the bucket hold what the changes lead to. */
  const expectAllInStep = async (): Promise<void> => {
    for (const site of [b, a, b]) expect(await multi(site)).toMatchObject({ status: 'done', failed: 0 });
    const keys = (await a.keysInBucket()).map((key) => key.slice('uploads/'.length));
    for (const site of [a, b]) {
      const names = (await readdir(site.path('uploads'))).filter((name) => !name.startsWith('.'));
      expect(names.toSorted()).toEqual(keys.toSorted());
      expect(await site.read('uploads/0.txt')).toBe('changed by a');
      expect(await site.read('uploads/1.txt')).toMatch(/^changed by both, [ab]/);
      expect(await site.read('uploads/3.txt')).toBe('changed by b');
    }
    expect(keys).toHaveLength(8);
    expect(keys).toEqual(expect.arrayContaining(['new-a.txt', 'new-b.txt', 'large.bin']));
    expect(keys).not.toContain('2.txt');
    expect(keys).not.toContain('4.txt');
  };

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  afterEach(() => {
    store.server.clearFaults();
    store.server.setClockOffset(0);
  });
  afterAll(async () => {
    await store.server.close();
    await Promise.all(directories.map((directory) => directory.dispose()));
  });

  const STORMS: [percent: number, status: number, code: string][] = [
    [10, 500, 'InternalError'],
    [50, 500, 'InternalError'],
    [10, 503, 'ServiceUnavailable'],
    [50, 503, 'SlowDown'],
  ];

  test.each(sample(STORMS, 3))(
    '2. a storm in which %i %% of all requests are answered %i %s loses nothing',
    async (percent, status, code) => {
      await createChanged();
      store.server.fault({ kind: 'status', status, code, match: { probability: percent / 100 } });
      const run = await multi(b);
      store.server.clearFaults();
      expect(run).toMatchObject({ status: 'done', failed: 0 });
      await expectAllInStep();
    },
  );

  const PHASES = [
    'ListObjectsV2',
    'PutObject',
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'GetObject',
    'HeadObject',
    'DeleteObjects',
  ] as const;
  const BREAKS: FaultAction[] = [{ kind: 'reset' }, { kind: 'lost-answer' }, { kind: 'cut-body' }];

  test.each(
    sample(
      PHASES.flatMap((operation) => BREAKS.map((fault) => ({ operation, ...fault }))),
      5,
    ),
  )(
    '20. a connection that breaks once ($kind at $operation) is got over in the same run',
    async ({ operation, ...fault }) => {
      await createChanged();
      store.server.fault({ ...fault, match: { operation }, times: 1 });
      const run = await multi(b);
      expect(run.failures.filter(({ code }) => code !== 'CONFLICT')).toEqual([]);
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  // s3-sync-client, reproduced: an unhandled exception and half a file at the final path.
  test.each(['cut-body', 'reset'] as const)(
    '20. a body that always breaks (%s) leaves no file, whole or half, and is told',
    async (kind) => {
      await createChanged();
      store.server.fault({ kind, match: { operation: 'GetObject' } });
      const run = await multiImpatient(b, { maxAttempts: 2 });
      expect(run.status).toMatch(/^(failed|partial)$/);
      const told = toldByCli(run);
      expect(told.text).toMatch(/The connection to 127\.0\.0\.1:\d+ broke/);
      expect(told.text).toContain('Run the sync again.');
      expect([1, 4]).toContain(told.exitCode);
      expect(await b.read('uploads/0.txt')).toBe('content 0');
      const names = await readdir(b.path('uploads'));
      expect(names.filter((name) => name.includes('s3-sync-tmp'))).toEqual([]);
      expect(names).not.toContain('new-a.txt');
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  // s3-sync-client#43, aws-cli#6164
  test.each(sample(PHASES, 3))(
    '21. a store that never answers %s again ends the run in time, with the reason',
    async (operation) => {
      await createChanged();
      store.server.fault({ kind: 'hang', match: { operation } });
      const run = await multiImpatient(b, { maxAttempts: 2, timeouts: { connectMs: 500, idleMs: 500 } });
      if (run.status === 'done') {
        // Nothing needed it: the rest went well.
        expect(['HeadObject', 'DeleteObjects']).toContain(operation);
      } else {
        expect(toldByCli(run).text).toMatch(/The store at 127\.0\.0\.1:\d+ did not answer in time/);
      }
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  // aws-cli#6164
  test('21. an endpoint that takes the connection and says nothing, not even TLS, ends the run in time', async () => {
    const silent = createServer(() => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    const timeouts = { connectMs: 200, idleMs: 200 };
    const site = await create({ bucket: { endpoint: `https://127.0.0.1:${port}`, maxAttempts: 2, timeouts } });
    await site.write('uploads/a.txt', 'a');
    const run = await site.run();
    silent.close();
    expect(run).toMatchObject({ status: 'failed', uploaded: 0 });
    expect(toldByCli(run)).toMatchObject({ exitCode: 1 });
    expect(toldByCli(run).text).toContain(`127.0.0.1:${port}`);
  });

  test.each([
    [
      'a token that expires',
      { status: 400, code: 'ExpiredToken' },
      'CREDENTIALS_EXPIRED',
      ['The credentials have expired.', 'Put fresh credentials where the old ones came from'],
    ],
    [
      'a bucket that is deleted',
      { status: 404, code: 'NoSuchBucket' },
      'BUCKET_NOT_FOUND',
      ['does not exist at 127.0.0.1', 'Check the name of the bucket, or make it.'],
    ],
    [
      'a bucket that turns out to be in another region',
      { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      'WRONG_REGION',
      ['is in the region eu-west-3, not in us-east-1', 'Set the region to eu-west-3.'],
    ],
  ] as const)(
    '22. %s in the middle ends the run at once, deletes nothing, and names the fix',
    async (_name, fault, code, texts) => {
      await createChanged();
      store.server.fault({ kind: 'status', ...fault, match: { operation: ['PutObject', 'DeleteObjects'], from: 2 } });
      store.server.fault({ kind: 'status', ...fault, match: { operation: ['GetObject', 'UploadPart', 'HeadObject'] } });
      const run = await multi(b);
      expect(run).toMatchObject({ status: 'failed', deletedRemote: 0, deletedLocal: 0, error: { code } });
      const told = toldByCli(run);
      expect(told.exitCode).toBe(1);
      for (const text of texts) expect(told.text).toContain(text);
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  test.each([-20, 20])('19. a store whose clock is %i minutes off is synced with all the same', async (minutes) => {
    store.server.setClockOffset(minutes * MINUTE);
    await createChanged();
    await multi(b);
    await expectAllInStep();
  });
});

describeEachStore('A store that is set up wrong', (store) => {
  const directories: SyncedDirectory[] = [];
  const create = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), { bucket: { maxAttempts: 2 }, ...options });
    directories.push(directory);
    return directory;
  };
  afterEach(() => store().server?.clearFaults());
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  test.each([-20, 20])('19. a server whose clock is %i minutes off syncs all the same', async (minutes) => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.write('uploads/b.txt', 'b');
    expect(await withClockOffset(minutes * MINUTE, () => site.run())).toMatchObject({ status: 'done', uploaded: 2 });
    await site.remove('uploads/a.txt');
    expect(await withClockOffset(minutes * MINUTE, () => site.run())).toMatchObject({
      status: 'done',
      deletedRemote: 1,
    });
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0 });
  });

  test('22. a bucket that is missing is named with its fix, and nothing is made in its place', async () => {
    const site = await create({ bucketName: 's3-sync-test-is-not-there' });
    await site.write('uploads/a.txt', 'a');
    const run = await site.run();
    expect(run).toMatchObject({ status: 'failed', error: { code: 'BUCKET_NOT_FOUND' } });
    const told = toldByCli(run);
    expect(told.exitCode).toBe(1);
    expect(told.text).toContain('Error: The bucket s3-sync-test-is-not-there does not exist at 127.0.0.1');
    expect(told.text).toContain('Check the name of the bucket, or make it. (BUCKET_NOT_FOUND)');
  });

  test('22. a download that alone is refused is told by key with the action to allow, and the rest is synced', async () => {
    const bucketName = await store().createBucket();
    const { server, credentials, secondUser } = store();
    const feed = new MemoryFeed();
    const site = await create({
      bucketName,
      bucket: { maxAttempts: 2, credentials: server ? credentials : secondUser },
    });
    await putPolicy(store(), bucketName, [{ action: 's3:GetObject', keys: 'uploads/refused.txt' }]);
    await site.putObject('uploads/refused.txt', 'refused');
    await site.putObject('uploads/good.txt', 'good');
    const key = 'uploads/refused.txt';
    server?.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'GetObject', key } });
    await site.write('uploads/mine.txt', 'mine');
    if (server === undefined) await putPolicy(store(), bucketName, [{ action: 's3:GetObject', keys: key }]);
    const run = await site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
    expect(run).toMatchObject({ status: 'partial', failed: 1, uploaded: 1 });
    const told = toldByCli(run);
    expect(told.exitCode).toBe(4);
    expect(told.text).toContain('The store refused s3:GetObject for uploads/refused.txt');
    expect(told.text).toContain('Allow s3:GetObject on this bucket in the policy of these credentials.');
    expect(await site.keysInBucket()).toHaveLength(3);
  });
});
