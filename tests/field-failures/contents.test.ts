import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import type { SyncOptions } from '../../server/src/sync/SyncOptions';
import { MemoryFeed } from '../support/MemoryFeed';
import { describeEachStore } from '../support/stores';
import { SyncedDirectory, type RunResult } from '../support/SyncedDirectory';
import { tell } from './support/tell';

const MIB = 1024 * 1024;

/** Names whose order differs between UTF-8 bytes, UTF-16 units, a locale, and paths compared name by name. */
const ORDERS = ['B', 'a-b/x', 'a/b', 'a.b', 'a0', 'é', 'e\u0301', 'z', 'Z/a', '\uffee', '\u{1f600}', '_', '-', '~'];

/** Names that other tools rewrite on their way: aws-cli#718, s3cmd#28, s5cmd#660. */
const REWRITTEN = [
  'plus+plus.txt',
  'two  blanks.txt',
  ' leading.txt',
  'trailing ',
  'nbsp\u00a0nbsp.txt',
  'percent%20.txt',
  'percent%2Fslash.txt',
  '%2e%2e%2fup.txt',
  'hash#query?.txt',
  'amp&lt;.txt',
  'back\\slash.txt',
  'line\nfeed.txt',
  'quote\'".txt',
];

/** Files and objects that other tools take for the same, or for something else. Entries are numbered as in README.md. */
describeEachStore('What must arrive as it is', (store) => {
  const directories: SyncedDirectory[] = [];
  let feed: MemoryFeed;
  let a: SyncedDirectory;
  let b: SyncedDirectory;
  const create = async (bucketName?: string): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), bucketName === undefined ? {} : { bucketName });
    directories.push(directory);
    return directory;
  };
  const multi = (site: SyncedDirectory, more: Partial<SyncOptions> = {}): Promise<RunResult> =>
    site.run({ mode: 'MULTI', multi: { feed, trashDays: 7 }, ...more });
  const allEqual = async (names: readonly string[]): Promise<void> => {
    for (const name of names) {
      expect(await a.read(`uploads/${name}`)).toBe(`content of ${name}`);
      expect(await b.read(`uploads/${name}`)).toBe(`content of ${name}`);
    }
    expect(new Set(await a.keysInBucket())).toEqual(new Set(names.map((name) => `uploads/${name}`)));
  };

  beforeEach(async () => {
    feed = new MemoryFeed();
    a = await create();
    b = await create(a.bucketName);
  });
  afterEach(() => store().server?.clearFaults());
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  // aws-cli#440, aws-cli#405, aws-cli#8470, rclone#9002
  test('4. names that sort differently everywhere are merged without a delete or a second transfer', async () => {
    for (const name of ORDERS) await a.write(`uploads/${name}`, `content of ${name}`);
    expect(await multi(a)).toMatchObject({ status: 'done', uploaded: ORDERS.length });
    expect(await multi(b)).toMatchObject({ status: 'done', downloaded: ORDERS.length });
    for (const site of [a, b]) {
      expect(await multi(site)).toMatchObject({
        status: 'done',
        uploaded: 0,
        downloaded: 0,
        deletedRemote: 0,
        deletedLocal: 0,
        unchanged: ORDERS.length,
      });
    }
    await allEqual(ORDERS);
    await a.remove('uploads/a-b/x');
    expect(await multi(a)).toMatchObject({ status: 'done', deletedRemote: 1, uploaded: 0, downloaded: 0 });
    expect(await multi(b)).toMatchObject({ status: 'done', deletedLocal: 1, uploaded: 0, downloaded: 0 });
    await allEqual(ORDERS.filter((name) => name !== 'a-b/x'));
  });

  // aws-cli#599, aws-cli#3273, aws-cli#3415
  test('5. other bytes of the same size and with the very same time are uploaded', async () => {
    await a.write('uploads/x.txt', 'first');
    await utimes(a.path('uploads/x.txt'), 1_000_000_000, 1_000_000_000);
    await a.run();
    await writeFile(a.path('uploads/x.txt'), 'other');
    await utimes(a.path('uploads/x.txt'), 1_000_000_000, 1_000_000_000);
    expect(await a.run()).toMatchObject({ status: 'done', uploaded: 1 });
    expect((await a.getObject('uploads/x.txt')).body.toString()).toBe('other');
  });

  // s5cmd#872, CVE-2021-32061
  test('8. objects whose keys lead out of the directory are told with their fix, and nothing is written outside', async () => {
    // Outside of what is synced, like any other key that the filter leaves out.
    const outside = ['/uploads/absolute.txt'];
    const keys = [
      'uploads/../../outside.txt',
      'uploads/../outside.txt',
      'uploads/./dot.txt',
      'uploads//twice.txt',
      'uploads/deep//twice.txt',
      `uploads/${'long'.repeat(64)}.txt`,
    ];
    for (const key of [...outside, ...keys]) await a.putObject(key, 'from outside');
    await a.putObject('uploads/good.txt', 'good');
    const run = await multi(a);
    expect(run).toMatchObject({ status: 'partial', downloaded: 1, failed: keys.length });
    const told = tell(run);
    expect(told.exitCode).toBe(4);
    for (const key of keys) expect(told.text).toContain(`The object ${key} in the bucket cannot be a file here`);
    expect(told.text).toContain('Rename or delete the object in the bucket');
    expect((await readdir(a.root)).toSorted()).toEqual(['uploads']);
    expect((await readdir(a.path('uploads'))).toSorted()).toEqual(['.s3-sync', 'good.txt']);
    // They count as failed, so nothing of them is deleted in SINGLE mode either.
    expect(await b.run()).toMatchObject({ deletedRemote: 0, failed: keys.length });
    expect(await a.keysInBucket()).toHaveLength(outside.length + keys.length + 1);
  });

  // aws-cli#3709
  test('9. links in a circle, to the outside and to nowhere are told with their fix and never followed', async () => {
    await mkdir(a.path('outside'));
    await writeFile(a.path('outside/secret.txt'), 'secret');
    await a.write('uploads/good.txt', 'good');
    await symlink('.', a.path('uploads/circle'));
    await symlink(a.path('outside'), a.path('uploads/out'));
    await symlink('nothing-there', a.path('uploads/dangling'));
    await a.putObject('uploads/out/planted.txt', 'planted');
    await a.putObject('uploads/dangling', 'planted');
    for (const run of [await multi(a), await a.run({ stateDirectory: a.path('uploads/.s3-sync-single') })]) {
      expect(run).toMatchObject({ status: 'partial', failed: 3, deletedRemote: 0 });
      const told = tell(run);
      expect(told.exitCode).toBe(4);
      for (const name of ['circle', 'out', 'dangling'])
        expect(told.text).toContain(`uploads/${name} is a symbolic link`);
      expect(told.text).toContain('exclude the link');
    }
    expect(await readdir(a.path('outside'))).toEqual(['secret.txt']);
    expect(await a.keysInBucket()).toEqual(['uploads/dangling', 'uploads/good.txt', 'uploads/out/planted.txt']);
  });

  test('9. a link keeps no other file from being deleted', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await a.write(`uploads/${name}.txt`, name);
    await a.run();
    await symlink('nothing-there', a.path('uploads/dangling'));
    await a.putObject('uploads/dangling', 'planted');
    await a.remove('uploads/b.txt');
    expect(await a.run()).toMatchObject({ status: 'partial', failed: 1, deletedRemote: 1, withheld: 0 });
    expect(await a.keysInBucket()).not.toContain('uploads/b.txt');
    expect(await a.keysInBucket()).toContain('uploads/dangling');
  });

  // rclone#1824, s3cmd PR#611
  test('10. an object that another tool wrote in parts of its own size is taken for the same, once and for all', async () => {
    const body = Buffer.alloc(11 * MIB, 'parts ');
    const client = store().client();
    const target = { Bucket: a.bucketName, Key: 'uploads/parts.bin' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
    const parts = [body.subarray(0, 6 * MIB), body.subarray(6 * MIB)];
    const done = [];
    for (const [index, Body] of parts.entries()) {
      const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: index + 1, Body }));
      done.push({ ETag, PartNumber: index + 1 });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: done } }));
    client.destroy();
    await a.write('uploads/parts.bin', body);
    const first = await multi(a);
    expect(first).toMatchObject({ status: 'done', conflicts: 0, downloaded: 0, uploaded: 0 });
    const second = await multi(a);
    expect(second).toMatchObject({ status: 'done', uploaded: 0 });
    expect(Object.keys(second.requests)).toEqual(['ListObjectsV2']);
    await b.write('uploads/parts.bin', body);
    await b.run();
    const single = await b.run();
    expect(single).toMatchObject({ status: 'done', uploaded: 0, unchanged: 1 });
    expect(
      createHash('md5')
        .update((await a.getObject('uploads/parts.bin')).body)
        .digest('hex'),
    ).toBe(createHash('md5').update(body).digest('hex'));
  });

  // aws-cli#718, s3cmd#28, s5cmd#660
  test('11. plus, blanks, NBSP, percent signs and line feeds come to the other server as they are', async () => {
    for (const name of REWRITTEN) await a.write(`uploads/${name}`, `content of ${name}`);
    expect(await multi(a)).toMatchObject({ status: 'done', uploaded: REWRITTEN.length });
    expect(await multi(b)).toMatchObject({ status: 'done', downloaded: REWRITTEN.length });
    await allEqual(REWRITTEN);
    expect(await multi(b)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
  });

  // aws-cli#1639, aws-cli#9596
  test('12. names that differ by case or by Unicode form alone stay apart', async () => {
    const twins = ['caf\u00e9.txt', 'cafe\u0301.txt', 'Image.PNG', 'image.png'];
    for (const name of twins) await a.write(`uploads/${name}`, `content of ${name}`);
    expect(await multi(a)).toMatchObject({ status: 'done', uploaded: 4 });
    expect(await multi(b)).toMatchObject({ status: 'done', downloaded: 4 });
    await allEqual(twins);
    await b.remove('uploads/Image.PNG');
    await b.remove('uploads/cafe\u0301.txt');
    expect(await multi(b)).toMatchObject({ deletedRemote: 2 });
    expect(await multi(a)).toMatchObject({ deletedLocal: 2 });
    await allEqual(['caf\u00e9.txt', 'image.png']);
  });

  // aws-cli#3218, aws-cli#1538
  test('13. a file that becomes a folder and a folder that becomes a file reach the bucket', async () => {
    await a.write('uploads/file', 'file');
    await a.write('uploads/folder/below', 'below');
    await a.write('uploads/kept', 'kept');
    expect(await a.run()).toMatchObject({ status: 'done', uploaded: 3 });
    await a.remove('uploads/file');
    await a.remove('uploads/folder');
    await a.write('uploads/file/below', 'now below');
    await a.write('uploads/folder', 'now a file');
    expect(await a.run()).toMatchObject({ status: 'done', uploaded: 2, deletedRemote: 2 });
    expect(await a.keysInBucket()).toEqual(['uploads/file/below', 'uploads/folder', 'uploads/kept']);
  });

  // rclone#7449, rclone#6424
  test('14. a file that is rewritten or goes while it is uploaded never leaves half of itself', async () => {
    await a.write('uploads/rewritten.bin', Buffer.alloc(17 * MIB, 'old '));
    await a.write('uploads/gone.bin', Buffer.alloc(9 * MIB, 'gone '));
    let isChanged = false;
    const changing = Buffer.alloc(9 * MIB, 'new ');
    const run = await a.run({
      concurrency: 2,
      onProgress: ({ bytes }) => {
        if (isChanged || bytes === 0) return;
        isChanged = true;
        writeFileSync(a.path('uploads/rewritten.bin'), changing);
      },
    });
    expect(isChanged).toBe(true);
    expect(['done', 'partial']).toContain(run.status);
    await rm(a.path('uploads/gone.bin'));
    await a.run();
    await a.run();
    expect((await a.getObject('uploads/rewritten.bin')).body.equals(changing)).toBe(true);
    expect(await a.keysInBucket()).toEqual(['uploads/rewritten.bin']);
  });

  // rclone#7042
  test('17. a deletion stays one when the other server was away for it, and when it starts from a stale image', async () => {
    for (const name of ['kept', 'deleted', 'changed']) await a.write(`uploads/${name}.txt`, name);
    await multi(a);
    await multi(b);
    await a.remove('uploads/deleted.txt');
    await a.write('uploads/changed.txt', 'changed later');
    await multi(a);
    await b.remove('uploads/.s3-sync');
    expect(await multi(b)).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0, conflicts: 0 });
    expect(await multi(a)).toMatchObject({ status: 'done', uploaded: 0, downloaded: 0 });
    expect(await a.keysInBucket()).toEqual(['uploads/changed.txt', 'uploads/kept.txt']);
    expect(await b.read('uploads/changed.txt')).toBe('changed later');
    expect((await readdir(b.path('uploads'))).filter((name) => !name.startsWith('.')).toSorted()).toEqual([
      'changed.txt',
      'kept.txt',
    ]);
  });
});
