import { readdir, readFile } from 'node:fs/promises';
import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { sync } from '../../server/src/sync/sync';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { runEngine } from '../support/runEngine';
import { declareMissingCeph, startOwnCeph } from '../support/stores';
import { SyncedDirectory, type RunResult, type SyncedDirectoryOptions } from '../support/SyncedDirectory';
import { TcpProxy } from '../support/TcpProxy';
import { tell } from './support/tell';
import { isCephInstalled } from '../support/Ceph';

const MIB = 1024 * 1024;
/** For a gateway that is gone: it refuses at once, while on a busy machine a living one may take a while. */
const FEW_ATTEMPTS = { maxAttempts: 2 };
/** For a gateway that hangs. */
const HASTY = { ...FEW_ATTEMPTS, timeouts: { connectMs: 500, idleMs: 500 } };

/** A real gateway that dies, hangs and comes back. Entries are numbered as in README.md. */
describe('A gateway of a real store [ceph]', () => {
  if (!isCephInstalled()) {
    declareMissingCeph();
    return;
  }
  type OwnCeph = Exclude<Awaited<ReturnType<typeof startOwnCeph>>, undefined>;
  let own: OwnCeph | undefined;
  const directories: SyncedDirectory[] = [];
  const ceph = (): OwnCeph => {
    if (own === undefined) throw new Error('Ceph was not started.');
    return own;
  };
  /** Made before the first kill: afterwards Ceph waits half a minute for the dead gateway when it makes one. */
  const buckets: string[] = [];
  const create = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const bucketName = options.bucketName ?? buckets.pop();
    const directory = await SyncedDirectory.create(ceph(), { ...options, bucketName });
    directories.push(directory);
    return directory;
  };
  /** A run that gives up sooner than others. */
  const runWith = (
    haste: Partial<BucketSettings>,
    site: SyncedDirectory,
    more: Partial<SyncOptions> = {},
  ): Promise<RunResult> => {
    const wish = site.wish();
    return runEngine(sync, { ...wish, settings: { ...wish.settings, ...haste } }, more);
  };
  /** Does something once, as soon as so many bytes were transferred, or keys seen, in a run. */
  const once = (when: { bytes?: number; seen?: number }, work: () => Promise<void>) => {
    let started: Promise<void> | undefined;
    const onProgress: SyncOptions['onProgress'] = ({ bytes, seen }) => {
      if (bytes >= (when.bytes ?? Infinity) || seen >= (when.seen ?? Infinity)) started ??= work();
    };
    return { onProgress, done: async () => started };
  };
  const temporaries = async (site: SyncedDirectory): Promise<string[]> =>
    (await readdir(site.path('uploads'))).filter((name) => name.includes('s3-sync-tmp'));

  beforeAll(async () => {
    own = await startOwnCeph();
    for (let count = 0; count < 5; count++) buckets.push(await ceph().createBucket());
  });
  afterAll(async () => {
    await own?.stop();
    await Promise.all(directories.map((directory) => directory.dispose()));
  });

  test('17. of a versioned bucket is synced like any other, and every version stays', async () => {
    const site = await create();
    const client = ceph().client();
    const Bucket = site.bucketName;
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const feed = new MemoryFeed();
    const other = await create({ bucketName: Bucket });
    const multi = (one: SyncedDirectory): Promise<RunResult> =>
      one.run({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
    await site.write('uploads/a.txt', 'first');
    await site.write('uploads/b.txt', 'b');
    await multi(site);
    await multi(other);
    await site.write('uploads/a.txt', 'second');
    await site.remove('uploads/b.txt');
    expect(await multi(site)).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 1 });
    expect(await multi(other)).toMatchObject({ status: 'done', downloaded: 1, deletedLocal: 1 });
    expect(await multi(site)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
    expect(await other.read('uploads/a.txt')).toBe('second');
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'uploads/' }),
    );
    client.destroy();
    expect(Versions.filter(({ Key }) => Key === 'uploads/a.txt')).toHaveLength(2);
    expect(DeleteMarkers.map(({ Key }) => Key)).toEqual(['uploads/b.txt']);
  });

  // s5cmd#695, aws-cli#1417
  test('2. that is killed in the middle of a run deletes nothing, and after its restart all is made up for', async () => {
    const site = await create({ pageSize: 5 });
    for (let index = 0; index < 30; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 30 });
    for (let index = 0; index < 5; index++) await site.remove(`uploads/${index}.txt`);
    await site.write('uploads/large.bin', Buffer.alloc(17 * MIB, 'large'));
    const { onProgress, done } = once({ seen: 10 }, () => ceph().ceph.run('gw-kill'));
    const run = await runWith(FEW_ATTEMPTS, site, { onProgress });
    await done();
    const told = tell(run);
    await ceph().ceph.run('gw-start');
    // Where the run was faster than the kill, the next one meets the restarted gateway.
    if (run.status !== 'done') {
      expect(run).toMatchObject({ status: 'failed', deletedRemote: 0, error: { code: 'STORE_UNREACHABLE' } });
      expect(told.exitCode).toBe(1);
      expect(told.text).toMatch(/Error: .* (cannot be reached|broke) \(E[A-Z_]+\)/);
    }
    expect((await site.run()).status).toBe('done');
    expect(await site.keysInBucket()).toHaveLength(26);
    expect((await site.getObject('uploads/large.bin')).body.length).toBe(17 * MIB);
  });

  // s3-sync-client, reproduced
  test('20. that is killed in the middle of a body leaves no file at all, and after its restart the file is whole', async () => {
    const feed = new MemoryFeed();
    const multi = (site: SyncedDirectory): Promise<RunResult> =>
      site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
    const a = await create();
    const body = Buffer.alloc(32 * MIB, 'large');
    await a.write('uploads/large.bin', body);
    await multi(a);
    const b = await create({ bucketName: a.bucketName });
    const { onProgress, done } = once({ bytes: 1 }, () => ceph().ceph.run('gw-kill'));
    const run = await runWith(FEW_ATTEMPTS, b, { mode: 'MULTI', multi: { feed, trashDays: 7 }, onProgress });
    await done();
    await ceph().ceph.run('gw-start');
    if (run.status !== 'done') {
      expect(run).toMatchObject({ status: 'failed', downloaded: 0, error: { code: 'STORE_UNREACHABLE' } });
      expect(tell(run).text).toMatch(/(cannot be reached|broke) \(E[A-Z_]+\)/);
      expect(await readdir(b.path('uploads'))).toEqual(['.s3-sync']);
    }
    expect((await multi(b)).status).toBe('done');
    expect((await a.getObject('uploads/large.bin')).body.equals(body)).toBe(true);
    expect((await readFile(b.path('uploads/large.bin'))).equals(body)).toBe(true);
    expect(await temporaries(b)).toEqual([]);
  });

  test('20. whose connection breaks in the middle of a body is asked for the rest, and the file is whole', async () => {
    const proxy = await TcpProxy.start(ceph().endpoint);
    const feed = new MemoryFeed();
    const a = await create();
    const body = Buffer.alloc(32 * MIB, 'rest ');
    await a.write('uploads/large.bin', body);
    await a.run({ mode: 'MULTI', multi: { feed, trashDays: 7 } });
    const b = await create({ bucketName: a.bucketName, bucket: { endpoint: proxy.endpoint } });
    const { onProgress } = once({ bytes: 1 }, async () => {
      proxy.cut();
      proxy.mend();
    });
    const run = await b.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, onProgress });
    await proxy.close();
    expect(run).toMatchObject({ status: 'done', downloaded: 1, failed: 0 });
    expect((await readFile(b.path('uploads/large.bin'))).equals(body)).toBe(true);
  });

  // s3-sync-client#43, aws-cli#6164
  test('21. that hangs ends the run in time with the reason, and goes on when it is back', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.run();
    await site.write('uploads/b.txt', 'b');
    await site.remove('uploads/a.txt');
    await ceph().ceph.run('gw-pause');
    const run = await runWith(HASTY, site);
    await ceph().ceph.run('gw-resume');
    expect(run).toMatchObject({ status: 'failed', deletedRemote: 0, error: { code: 'STORE_TIMEOUT' } });
    const told = tell(run);
    expect(told.exitCode).toBe(1);
    expect(told.text).toMatch(/Error: The store at 127\.0\.0\.1:\d+ did not answer in time/);
    expect(told.text).toContain('whether the store is overloaded');
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 1 });
  });
});
