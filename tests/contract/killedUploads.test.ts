import { CreateMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { BaseKeeper } from '../../server/src/sync/base/BaseKeeper';
import type { Intent } from '../../server/src/sync/base/Base';
import { openBase } from '../../server/src/sync/base/LevelBase';
import type { Bucket } from '../../server/src/sync/bucket/Bucket';
import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { putPolicy } from '../support/putPolicy';
import type { FaultMatch } from '../support/s3-server/Faults';
import { describeEachStore, startInProjectStore, type Store } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';

const LARGE = Buffer.alloc(9 * 1024 * 1024, 1);
const filter = { include: ['uploads/**'], exclude: ['**/.*', '**/.*/**'] };
const modes: [string, () => Partial<SyncOptions>][] = [
  ['SINGLE', () => ({})],
  ['MULTI', () => ({ mode: 'MULTI', multi: { feed: new MemoryFeed(), trashDays: 7 } })],
];

/** Begins an upload behind the engine's back. */
async function begin(store: Store, bucketName: string, key: string): Promise<string> {
  const client = store.client();
  const { UploadId: id = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucketName, Key: key }));
  client.destroy();
  return id;
}

async function unfinished(store: Store, bucketName: string): Promise<(string | undefined)[]> {
  const client = store.client();
  const { Uploads: uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucketName }));
  client.destroy();
  return uploads.map((one) => one.UploadId);
}

/** Notes what a run had begun when it was killed. */
async function note(store: Store, site: SyncedDirectory, key: string, intent: Intent, prefix = ''): Promise<void> {
  const { bucketName, endpoint = '' } = store.settings(site.bucketName);
  const identity = { bucketName, endpoint, prefix };
  const base = await openBase({ stateDirectory: site.path('uploads/.s3-sync'), identity, filter });
  await base.begin([key], intent);
  await base.close();
}

describeEachStore('A large upload of a killed run', (store) => {
  test.each(modes)('is aborted by the next run, and no other one is (%s)', async (_mode, more) => {
    const site = await SyncedDirectory.create(store());
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run(more());
      const foreign = await begin(store(), site.bucketName, 'uploads/x.bin');
      const uploadId = await begin(store(), site.bucketName, 'uploads/x.bin');
      await note(store(), site, 'uploads/x.bin', { action: 'upload', at: 1, isLarge: true, uploadId });
      expect(await site.run(more())).toMatchObject({ status: 'done', requests: { AbortMultipartUpload: 1 } });
      expect(await unfinished(store(), site.bucketName)).toEqual([foreign]);
      expect((await site.run(more())).requests).not.toHaveProperty('AbortMultipartUpload');
    } finally {
      await site.dispose();
    }
  });

  test.each(modes)(
    'is found and aborted where its id had not come yet, and no other one is (%s)',
    async (_mode, more) => {
      const site = await SyncedDirectory.create(store(), { prefix: 'site/' });
      const key = 'uploads/a b+ü%.bin';
      try {
        await site.write(key, 'x');
        await site.run(more());
        const others = [
          await begin(store(), site.bucketName, `site/${key}2`),
          await begin(store(), site.bucketName, `site/${key}-2`),
          await begin(store(), site.bucketName, 'site/uploads/other.bin'),
          await begin(store(), site.bucketName, key),
        ];
        await begin(store(), site.bucketName, `site/${key}`);
        await note(store(), site, key, { action: 'upload', at: Date.now(), isLarge: true }, 'site/');
        expect(await site.run(more())).toMatchObject({
          status: 'done',
          requests: { ListMultipartUploads: 1, AbortMultipartUpload: 1 },
        });
        expect((await unfinished(store(), site.bucketName)).toSorted()).toEqual(others.toSorted());
        const { requests } = await site.run(more());
        expect(requests).not.toHaveProperty('ListMultipartUploads');
      } finally {
        await site.dispose();
      }
    },
  );

  // Of a server whose clock is right: a store's own clock differs by minutes at most, or refuses all requests.
  test.each([
    ['half an hour before', 30],
    ['half an hour after', -30],
  ])('is not taken for one that was begun %s', async (_when, minutes) => {
    const site = await SyncedDirectory.create(store());
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run();
      const foreign = await begin(store(), site.bucketName, 'uploads/x.bin');
      const at = Date.now() + minutes * 60_000;
      await note(store(), site, 'uploads/x.bin', { action: 'upload', at, isLarge: true });
      const { status, requests } = await site.run();
      expect(status).toBe('done');
      expect(requests).toMatchObject({ ListMultipartUploads: 1 });
      expect(requests).not.toHaveProperty('AbortMultipartUpload');
      expect(await unfinished(store(), site.bucketName)).toEqual([foreign]);
    } finally {
      await site.dispose();
    }
  });

  test('is left alone where the right to look for it is missing, and the run ends well', async () => {
    const site = await SyncedDirectory.create(store());
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run();
      const orphan = await begin(store(), site.bucketName, 'uploads/x.bin');
      await putPolicy(store(), site.bucketName, [{ action: 's3:ListBucketMultipartUploads' }]);
      const match: FaultMatch = { operation: 'ListMultipartUploads' };
      store().server?.fault({ kind: 'status', status: 403, code: 'AccessDenied', match });
      await note(store(), site, 'uploads/x.bin', { action: 'upload', at: Date.now(), isLarge: true });
      expect(await site.run()).toMatchObject({ status: 'done', requests: { ListMultipartUploads: 1 } });
      store().server?.clearFaults();
      await putPolicy(store(), site.bucketName, []);
      expect((await site.run()).requests).not.toHaveProperty('ListMultipartUploads');
      expect(await unfinished(store(), site.bucketName)).toEqual([orphan]);
    } finally {
      await site.dispose();
    }
  });

  test('costs nothing where a small file or a delete was interrupted', async () => {
    const site = await SyncedDirectory.create(store());
    try {
      await site.write('uploads/x.txt', 'x');
      await site.write('uploads/y.txt', 'y');
      await site.run();
      await note(store(), site, 'uploads/x.txt', { action: 'upload', at: Date.now() });
      await note(store(), site, 'uploads/y.txt', { action: 'delete-remote', at: Date.now() });
      const { status, requests } = await site.run();
      expect(status).toBe('done');
      expect(requests).not.toHaveProperty('ListMultipartUploads');
    } finally {
      await site.dispose();
    }
  });
});

describe('A large upload whose id never came [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;
  let site: SyncedDirectory;

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  beforeEach(async () => {
    site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    await site.write('uploads/large.bin', LARGE);
  });
  afterEach(async () => {
    store.server.clearFaults();
    store.server.setClockOffset(0);
    await site.dispose();
  });
  afterAll(() => store.server.close());

  test.each([
    ['as it should be', 0],
    ['4 minutes ahead', 4],
    ['20 minutes behind', -20],
  ])('is aborted by the next run, with a store whose clock is %s', async (_clock, minutes) => {
    store.server.setClockOffset(minutes * 60_000);
    // A clock that is far off costs one attempt more.
    site = await SyncedDirectory.create(store, { bucketName: site.bucketName, bucket: { maxAttempts: 2 } });
    await site.write('uploads/large.bin', LARGE);
    store.server.fault({ kind: 'lost-answer', match: { operation: 'CreateMultipartUpload' } });
    expect(await site.run()).toMatchObject({ uploaded: 0 });
    expect(store.server.listUploads(site.bucketName)).not.toEqual([]);
    store.server.clearFaults();
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    expect(store.server.listUploads(site.bucketName)).toEqual([]);
  });

  test.each([
    ['refused', { status: 403, code: 'AccessDenied' }],
    ['not known to the store', { status: 501, code: 'NotImplemented' }],
    ['never answered well', { status: 500, code: 'InternalError' }],
  ])('stops no run where the listing of uploads is %s, and is asked for once', async (_how, answer) => {
    store.server.fault({ kind: 'lost-answer', match: { operation: 'CreateMultipartUpload' }, times: 1 });
    await site.run();
    store.server.fault({ kind: 'status', ...answer, match: { operation: 'ListMultipartUploads' } });
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1, requests: { ListMultipartUploads: 1 } });
    expect((await site.run()).requests).not.toHaveProperty('ListMultipartUploads');
  });

  test.each(modes)(
    'is aborted at once where the request was repeated, and the run goes on (%s)',
    async (_mode, more) => {
      const patient = await SyncedDirectory.create(store);
      await patient.write('uploads/large.bin', LARGE);
      const other = await begin(store, patient.bucketName, 'uploads/large.bin2');
      store.server.fault({ kind: 'lost-answer', match: { operation: 'CreateMultipartUpload' }, times: 2 });
      expect(await patient.run(more())).toMatchObject({
        status: 'done',
        uploaded: 1,
        requests: { CreateMultipartUpload: 3, ListMultipartUploads: 1, AbortMultipartUpload: 2 },
      });
      expect(await unfinished(store, patient.bucketName)).toEqual([other]);
      await patient.dispose();
    },
  );

  /** The bucket of a run in the midst of whose large upload something else happens: once it has begun, or before its end. */
  function interrupted(
    of: SyncedDirectory,
    work: () => Promise<void>,
    when: 'onBegun' | 'beforeComplete' = 'onBegun',
  ): Bucket {
    const bucket = openBucket(of.wish().settings);
    const putLarge = bucket.putLarge.bind(bucket);
    jest.spyOn(bucket, 'putLarge').mockImplementationOnce((input) =>
      putLarge({
        ...input,
        onBegun: async (uploadId) => {
          await input.onBegun?.(uploadId);
          if (when === 'onBegun') await work();
        },
        beforeComplete: async () => {
          await input.beforeComplete();
          if (when === 'beforeComplete') await work();
        },
      }),
    );
    return bucket;
  }

  test('does not take a live upload of the same server with it', async () => {
    const live = await SyncedDirectory.create(store);
    const keeper = new BaseKeeper();
    const openForRun = keeper.openForRun.bind(keeper);
    await live.write('uploads/x.txt', 'x');
    await live.run({ openBase: openForRun });
    await live.write('uploads/large.bin', LARGE);
    let main: RunResult | undefined;
    const bucket = interrupted(live, async () => {
      main = await live.run({ scope: { kind: 'keys', keys: ['uploads/x.txt'] }, openBase: openForRun });
    });
    const beside = await live.run({
      scope: { kind: 'keys', keys: ['uploads/large.bin'] },
      beside: true,
      openBase: keeper.openBeside.bind(keeper),
      bucket,
    });
    expect(main).toMatchObject({ status: 'done' });
    expect(main?.requests).not.toHaveProperty('AbortMultipartUpload');
    expect(beside).toMatchObject({ status: 'done', uploaded: 1 });
    bucket.close();
    await live.dispose();
  });

  test.each([
    ['which has just begun', 'onBegun'],
    ['whose parts are all there', 'beforeComplete'],
  ] as const)(
    'may be the live one of another server, %s: that one uploads again in the same run',
    async (_how, when) => {
      const multi: Partial<SyncOptions> = { mode: 'MULTI', multi: { feed: new MemoryFeed(), trashDays: 7 } };
      const live = await SyncedDirectory.create(store);
      const other = await SyncedDirectory.create(store, { bucketName: live.bucketName });
      await other.write('uploads/x.txt', 'x');
      await other.run(multi);
      await live.write('uploads/large.bin', LARGE);
      await note(store, other, 'uploads/large.bin', { action: 'upload', at: Date.now(), isLarge: true });
      const bucket = interrupted(
        live,
        async () => {
          expect(await other.run(multi)).toMatchObject({ requests: { AbortMultipartUpload: 1 } });
        },
        when,
      );
      expect(await live.run({ ...multi, bucket })).toMatchObject({
        status: 'done',
        uploaded: 1,
        failed: 0,
        requests: { CreateMultipartUpload: 2 },
      });
      expect(store.server.listUploads(live.bucketName)).toEqual([]);
      expect((await live.getObject('uploads/large.bin')).body.equals(LARGE)).toBe(true);
      bucket.close();
      await Promise.all([live.dispose(), other.dispose()]);
    },
  );
});

describe('A large upload that could not be aborted [in-project]', () => {
  test.each([
    ['500', { status: 500, code: 'InternalError' }],
    ['405', { status: 405, code: 'MethodNotAllowed' }],
    ['a 404 that names no upload', { status: 404, code: 'NoSuchKey' }],
  ])('stops no run where the store answers with %s for ever', async (_answer, { status, code }) => {
    const store = await startInProjectStore();
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run();
      const uploadId = await begin(store, site.bucketName, 'uploads/x.bin');
      await note(store, site, 'uploads/x.bin', { action: 'upload', at: 1, isLarge: true, uploadId });
      store.server.fault({ kind: 'status', status, code, match: { operation: 'AbortMultipartUpload' } });
      expect(await site.run()).toMatchObject({ status: 'done', requests: { AbortMultipartUpload: 1 } });
      expect((await site.run()).requests).not.toHaveProperty('AbortMultipartUpload');
    } finally {
      await site.dispose();
      await store.server.close();
    }
  });

  test.each([
    ['of which the id is known', true],
    ['whose id never came', false],
  ])("is another site's where the base is a copy of that one's: it goes on, %s", async (_which, isKnown) => {
    const store = await startInProjectStore();
    const site = await SyncedDirectory.create(store);
    try {
      await site.write('uploads/x.bin', 'x');
      await site.run();
      const uploadId = await begin(store, site.bucketName, 'uploads/x.bin');
      const known = isKnown ? { uploadId } : {};
      await note(store, site, 'uploads/x.bin', { action: 'upload', at: Date.now(), isLarge: true, ...known });
      const { refused } = await site.run({ owner: { siteId: 'staging', databaseHash: 'other' } });
      expect(refused).toMatchObject({ guard: 'other-site' });
      expect(store.server.listUploads(site.bucketName)).toHaveLength(1);
    } finally {
      await site.dispose();
      await store.server.close();
    }
  });

  test.each(modes)('is aborted by the next run, where the right for it came meanwhile (%s)', async (_mode, more) => {
    const store = await startInProjectStore();
    const { server } = store;
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    try {
      await site.write('uploads/large.bin', LARGE);
      server.fault({ kind: 'status', status: 500, match: { operation: 'UploadPart', nth: 2 } });
      server.fault({ kind: 'reset', match: { operation: 'AbortMultipartUpload' } });
      expect(await site.run(more())).toMatchObject({ uploaded: 0 });
      expect(server.listUploads(site.bucketName)).toHaveLength(1);
      server.clearFaults();
      expect(await site.run(more())).toMatchObject({ status: 'done', uploaded: 1 });
      expect(server.listUploads(site.bucketName)).toEqual([]);
      expect((await site.getObject('uploads/large.bin')).body.equals(LARGE)).toBe(true);
    } finally {
      await site.dispose();
      await server.close();
    }
  });

  test('does not stop a run that lacks the right to abort', async () => {
    const store = await startInProjectStore();
    const { server } = store;
    const site = await SyncedDirectory.create(store, { bucket: { maxAttempts: 1 } });
    try {
      await site.write('uploads/large.bin', LARGE);
      server.fault({ kind: 'status', status: 500, match: { operation: 'UploadPart', nth: 2 } });
      server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'AbortMultipartUpload' } });
      await site.run();
      expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    } finally {
      await site.dispose();
      await server.close();
    }
  });
});
