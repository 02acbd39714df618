import { readdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { sync } from '../../server/src/sync/sync';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { putPolicy } from '../support/putPolicy';
import { runEngine } from '../support/runEngine';
import type { FaultAction, FaultMatch } from '../support/s3-server/Faults';
import { describeEachStore, startInProjectStore } from '../support/stores';
import { SyncedDirectory, type RunResult, type SyncedDirectoryOptions } from '../support/SyncedDirectory';
import { BreakingProxy } from './support/BreakingProxy';
import { tell } from './support/tell';
import { withClockOffset } from '../support/withClockOffset';

const MIB = 1024 * 1024;
const MINUTE = 60_000;

/** All cases with `npm run test:long`, and with `npm test` each n-th from the given one on. */
function sample<Case>(cases: readonly Case[], nth: number, first = 0): Case[] {
  return cases.filter((_case, index) => process.env.S3_SYNC_LONG === '1' || index % nth === first);
}

/** The requests of a run in MULTI mode: it deletes key by key. */
const PHASES = [
  'ListObjectsV2',
  'PutObject',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'GetObject',
  'HeadObject',
  'DeleteObject',
] as const;
type Phase = (typeof PHASES)[number];

/** The requests of a phase for the files: the owner mark is asked for too. */
function requestsOf(operation: Phase): FaultMatch {
  return operation === 'ListObjectsV2' ? { operation } : { operation, key: /^uploads\// };
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
  const createChanged = async (bucket: Partial<BucketSettings> = {}): Promise<void> => {
    feed = new MemoryFeed();
    a = await create({ bucket: { maxAttempts: 8 } });
    // In a storm of 50 %, one request in 16 million fails so often in a row.
    b = await create({ bucketName: a.bucketName, bucket: { maxAttempts: 24, ...bucket }, pageSize: 3 });
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
    store.server.clearRequests();
  };

  /** Requests that `b`'s run sent for its files: a fault that none of them met proves nothing. */
  const sent = (operation: Phase): number =>
    store.server.requests().filter((request) => {
      const isForFile = operation === 'ListObjectsV2' || request.key.startsWith('uploads/');
      return request.operation === operation && request.bucket === a.bucketName && isForFile;
    }).length;

  /** Both servers and the bucket hold what the changes lead to, and no upload is left unfinished. */
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
    expect(store.server.listUploads(a.bucketName)).toEqual([]);
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
    [50, 503, 'ServiceUnavailable'],
    [10, 503, 'SlowDown'],
    [50, 503, 'SlowDown'],
  ];

  test.each(sample(STORMS, 5))(
    '2. a storm in which %i %% of all requests are answered %i %s loses nothing',
    async (percent, status, code) => {
      await createChanged();
      store.server.fault({ kind: 'status', status, code, match: { probability: percent / 100 } });
      const run = await multi(b);
      store.server.clearFaults();
      expect(run).toMatchObject({ status: 'done', failed: 0 });
      for (const operation of PHASES) expect([operation, sent(operation)]).not.toEqual([operation, 0]);
      await expectAllInStep();
    },
  );

  test.each(
    sample(
      PHASES.flatMap((operation) => STORMS.map(([percent, status, code]) => ({ operation, percent, status, code }))),
      5,
    ),
  )(
    '2. a storm in which $percent % of the $operation requests are answered $status $code loses nothing',
    async ({ operation, percent, status, code }) => {
      await createChanged();
      const match = requestsOf(operation);
      // The first one always, however few there are.
      store.server.fault({ kind: 'status', status, code, match, times: 1 });
      store.server.fault({ kind: 'status', status, code, match: { ...match, probability: percent / 100 } });
      const run = await multi(b);
      store.server.clearFaults();
      expect(run).toMatchObject({ status: 'done', failed: 0 });
      expect(sent(operation)).toBeGreaterThan(1);
      await expectAllInStep();
    },
  );

  test.each(
    sample(
      PHASES.flatMap((operation) => [
        { operation, status: 500, code: 'InternalError', text: 'with an error (500 InternalError)' },
        { operation, status: 503, code: 'SlowDown', text: 'stayed so after several tries (503 SlowDown)' },
      ]),
      5,
    ),
  )(
    '2. a store that answers $operation $status for good is told with its fix, and what was left is made up for',
    async ({ operation, status, code, text }) => {
      await createChanged();
      // HEAD has no body, so no code comes with its refusal.
      const words = operation === 'HeadObject' ? text.replace(/ \w+\)$/, '') : text;
      store.server.fault({ kind: 'status', status, code, match: requestsOf(operation) });
      const run = await multiImpatient(b, { maxAttempts: 2 });
      expect(run.status).toMatch(/^(failed|partial)$/);
      const told = tell(run);
      expect([1, 4]).toContain(told.exitCode);
      expect(told.text).toContain(words);
      expect(told.text).toMatch(/Run the sync again later/);
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  const BREAKS: FaultAction[] = [{ kind: 'reset' }, { kind: 'lost-answer' }, { kind: 'cut-body' }];

  test.each(
    sample(
      PHASES.flatMap((operation) => BREAKS.map((fault) => ({ operation, ...fault }))),
      2,
    ),
  )(
    '20. a connection that breaks once ($kind at $operation) is got over in the same run',
    async ({ operation, ...fault }) => {
      await createChanged();
      store.server.fault({ ...fault, match: requestsOf(operation), times: 1 });
      const run = await multi(b);
      expect(run.failures.filter(({ code }) => code !== 'CONFLICT')).toEqual([]);
      expect(sent(operation)).toBeGreaterThan(0);
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  // s3-sync-client, reproduced
  test.each([
    ['the first request', 100],
    ['a part of a large file', 6 * MIB],
  ])(
    '20. a connection that breaks in the middle of what is sent (%s) is got over in the same run',
    async (_of, bytes) => {
      const proxy = await BreakingProxy.start(store.server.endpoint);
      await createChanged({ endpoint: proxy.endpoint });
      proxy.breakAfterSending(bytes);
      const run = await multi(b);
      expect(proxy.hasBroken).toBe(true);
      expect(run).toMatchObject({ status: 'done', failed: 0 });
      await expectAllInStep();
      await proxy.close();
    },
  );

  test.each(sample(PHASES, 2, 1))(
    '20. a connection that breaks at every %s is told with its fix, and what was left is made up for',
    async (operation) => {
      await createChanged();
      store.server.fault({ kind: 'reset', match: requestsOf(operation) });
      const run = await multiImpatient(b, { maxAttempts: 2 });
      expect(run.status).toMatch(/^(failed|partial)$/);
      const told = tell(run);
      expect([1, 4]).toContain(told.exitCode);
      expect(told.text).toMatch(/The connection to 127\.0\.0\.1:\d+ broke/);
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
      const told = tell(run);
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
  test.each(sample(PHASES, 2, 1))(
    '21. a store that never answers %s again ends the run in time, with the reason',
    async (operation) => {
      await createChanged();
      store.server.fault({ kind: 'hang', match: requestsOf(operation) });
      const run = await multiImpatient(b, { maxAttempts: 2, timeouts: { connectMs: 500, idleMs: 500 } });
      expect(run.status).toBe('failed');
      const told = tell(run);
      expect(told.exitCode).toBe(1);
      expect(told.text).toMatch(/The store at 127\.0\.0\.1:\d+ did not answer in time/);
      expect(told.text).toContain('whether the store is overloaded');
      store.server.clearFaults();
      await expectAllInStep();
    },
  );

  // aws-cli#6164
  test('21. an endpoint that takes the connection and says nothing, not even TLS, ends the run in time', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = z.object({ port: z.number() }).parse(silent.address());
    const timeouts = { connectMs: 200, idleMs: 200 };
    const site = await create({ bucket: { endpoint: `https://127.0.0.1:${port}`, maxAttempts: 2, timeouts } });
    await site.write('uploads/a.txt', 'a');
    const run = await site.run();
    for (const socket of sockets) socket.destroy();
    silent.close();
    await once(silent, 'close');
    expect(run).toMatchObject({ status: 'failed', uploaded: 0 });
    expect(tell(run)).toMatchObject({ exitCode: 1 });
    expect(tell(run).text).toContain(`127.0.0.1:${port}`);
  });

  const ENDS = [
    {
      what: 'a token that expires',
      fault: { status: 400, code: 'ExpiredToken' },
      code: 'CREDENTIALS_EXPIRED',
      texts: ['The credentials have expired.', 'Put fresh credentials where the old ones came from'],
    },
    {
      what: 'a bucket that is deleted',
      fault: { status: 404, code: 'NoSuchBucket' },
      code: 'BUCKET_NOT_FOUND',
      texts: ['does not exist at 127.0.0.1', 'Check the name of the bucket, or make it.'],
    },
    {
      what: 'a bucket that turns out to be in another region',
      fault: { status: 301, code: 'PermanentRedirect', headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      code: 'WRONG_REGION',
      texts: ['is in the region eu-west-3, not in us-east-1', 'Set the region to eu-west-3.'],
    },
  ];
  const MIDDLES: [among: string, match: FaultMatch][] = [
    ['uploads', { ...requestsOf('PutObject'), from: 2 }],
    ['downloads', { ...requestsOf('GetObject'), from: 2 }],
    ['deletes', requestsOf('DeleteObject')],
  ];

  test.each(
    sample(
      MIDDLES.flatMap(([among, match]) => ENDS.map((end) => ({ among, match, ...end }))),
      2,
    ),
  )(
    '22. $what among the $among ends the run at once, deletes nothing, and names the fix',
    async ({ match, fault, code, texts }) => {
      await createChanged();
      store.server.fault({ kind: 'status', ...fault, match });
      const run = await multi(b);
      expect(run).toMatchObject({ status: 'failed', deletedRemote: 0, deletedLocal: 0, error: { code } });
      const told = tell(run);
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
    const told = tell(run);
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
    const told = tell(run);
    expect(told.exitCode).toBe(4);
    expect(told.text).toContain('The store refused s3:GetObject for uploads/refused.txt');
    expect(told.text).toContain('Allow s3:GetObject on this bucket in the policy of these credentials.');
    expect(await site.keysInBucket()).toHaveLength(3);
  });
});
