import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { makePipe } from '../support/makePipe';
import { describeRealestStore, type Store } from '../support/stores';
import { SyncedDirectory, type SyncedDirectoryOptions } from '../support/SyncedDirectory';

const MIB = 1024 * 1024;

/** A listing comes in pages of 1,000. */
const PLAIN_FILES = process.env.S3_SYNC_LONG === '1' ? 1_970 : 1_070;

/** Keys that other tools stumble over (aws-cli#718, #1639, #9596; s3cmd#28; s5cmd#660). */
const ODD_NAMES = [
  'nfc-\u00e9.txt',
  'nfd-e\u0301.txt',
  '\u00e9',
  'e\u0301',
  'with space.txt',
  ' leading space',
  'trailing space ',
  'plus+plus.txt',
  'percent%20.txt',
  'percent%2F.txt',
  '%',
  'nbsp\u00a0.txt',
  'quote\'".txt',
  'amp&<>.txt',
  'hash#question?.txt',
  'emoji-😀.png',
  'private-\uffee-after-surrogates',
  'star*[bracket]{brace}.txt',
  'back\\slash.txt',
  'line\nfeed.txt',
  'UPPER.TXT',
  'upper.txt',
  'a/b',
  'a-b',
  'a.b',
  'semi;colon=equals,comma',
  'tilde~$dollar!at@',
  `${'x'.repeat(200)}.txt`,
];

describeRealestStore('SINGLE mode', (store) => {
  const directories: SyncedDirectory[] = [];
  const create = async (options: SyncedDirectoryOptions = {}): Promise<SyncedDirectory> => {
    const directory = await SyncedDirectory.create(store(), options);
    directories.push(directory);
    return directory;
  };
  afterAll(() => Promise.all(directories.map((directory) => directory.dispose())));

  test('more files than a page of a listing, with odd names, are mirrored; later runs cost what changed', async () => {
    const site = await create();
    for (let index = 0; index < PLAIN_FILES; index++) {
      await site.write(`uploads/folder-${index % 17}/file-${index}.txt`, `content ${index}`);
    }
    for (const name of ODD_NAMES) await site.write(`uploads/odd/${name}`, `odd ${name}`);
    await site.write('uploads/empty.bin', '');
    await site.write('uploads/large.bin', Buffer.alloc(20 * MIB, 'large file '));

    const first = await site.run();
    expect(first).toMatchObject({ status: 'done', uploaded: PLAIN_FILES + 2 + ODD_NAMES.length, failures: [] });
    expect(await differencesByRclone(store(), site)).toEqual([]);

    await site.write('uploads/folder-1/file-1.txt', 'changed 1');
    await site.write('uploads/odd/e\u0301', 'changed 2');
    await site.write('uploads/large.bin', Buffer.alloc(9 * MIB, 'changed 3'));
    await site.remove('uploads/folder-2/file-2.txt');
    await site.remove('uploads/odd/%');
    await site.write('uploads/new.txt', 'new');
    const second = await site.run();
    expect(second).toMatchObject({ status: 'done', uploaded: 4, deletedRemote: 2, failures: [] });
    const { PutObject = 0, CompleteMultipartUpload = 0, DeleteObjects = 0, GetObject = 0 } = second.requests;
    expect({ puts: PutObject + CompleteMultipartUpload, DeleteObjects, GetObject }).toEqual({
      puts: 4,
      DeleteObjects: 1,
      GetObject: 0,
    });
    expect(await differencesByRclone(store(), site)).toEqual([]);

    const third = await site.run();
    expect(third).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0 });
    expect(Object.keys(third.requests)).toEqual(['ListObjectsV2']);
  });

  test('objects carry their content type, the time of the file as rclone writes it, and a SHA-256', async () => {
    const site = await create();
    await site.write('uploads/picture.png', 'not really a picture');
    await utimes(site.path('uploads/picture.png'), 1_600_000_000.5, 1_600_000_000.5);
    await site.run();
    const object = await site.getObject('uploads/picture.png');
    expect(object.contentType).toBe('image/png');
    expect(object.metadata.mtime).toBe('1600000000.5');
    expect(object.metadata.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('what lies outside the prefix, below a sibling prefix, or is excluded is never touched', async () => {
    const site = await create({ prefix: 'site', exclude: ['**/.*', '**/.*/**', 'uploads/cache/**'] });
    const others = ['elsewhere.txt', 'site-backup/uploads/a.txt', 'siteuploads/a.txt', 'site/other/a.txt'];
    const excluded = ['site/uploads/cache/x.txt', 'site/uploads/.hidden'];
    for (const key of [...others, ...excluded]) await site.putObject(key, 'keep me');
    await site.putObject('site/uploads/extra.txt', 'an extra object');
    await site.write('uploads/a.txt', 'a');
    await site.write('uploads/cache/local.txt', 'excluded here too');
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 1 });
    expect(await site.keysInBucket()).toEqual([...others, ...excluded, 'site/uploads/a.txt'].sort());
  });

  test('other bytes of the same size and an older time are uploaded', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'aaaa');
    await site.run();
    await site.write('uploads/a.txt', 'bbbb');
    await utimes(site.path('uploads/a.txt'), 1_000_000_000, 1_000_000_000);
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    expect((await site.getObject('uploads/a.txt')).body.toString()).toBe('bbbb');
  });

  test('an object that somebody changed in the bucket is made equal to the file again', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'mine');
    await site.run();
    await site.putObject('uploads/a.txt', 'else');
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    expect((await site.getObject('uploads/a.txt')).body.toString()).toBe('mine');
  });

  test('a file that was only touched is not uploaded', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'same');
    await site.write('uploads/large.bin', Buffer.alloc(9 * MIB, 1));
    await site.run();
    await utimes(site.path('uploads/a.txt'), 1_000_000_000, 1_000_000_000);
    await utimes(site.path('uploads/large.bin'), 1_000_000_000, 1_000_000_000);
    const run = await site.run();
    expect(run).toMatchObject({ status: 'done', uploaded: 0, unchanged: 2 });
    expect(Object.keys(run.requests)).toEqual(['ListObjectsV2']);
  });

  test('a lost base costs reading the files, not uploading them', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'small');
    await site.write('uploads/large.bin', Buffer.alloc(9 * MIB, 2));
    await site.run();
    await rm(site.path('uploads/.s3-sync'), { recursive: true });
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 0, unchanged: 2 });
  });

  test('an empty directory beside a full bucket is refused, and nothing is deleted', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.write('uploads/b.txt', 'b');
    await site.run();
    await site.remove('uploads/a.txt');
    await site.remove('uploads/b.txt');
    const run = await site.run();
    expect(run).toMatchObject({ status: 'refused', deletedRemote: 0, withheld: 2 });
    expect(run.refused).toMatchObject({ guard: 'directory-emptied', count: 2 });
    expect(run.failures.map(({ key, code }) => [key, code])).toEqual([
      ['uploads/a.txt', 'WITHHELD'],
      ['uploads/b.txt', 'WITHHELD'],
    ]);
    expect(await site.keysInBucket()).toEqual(['uploads/a.txt', 'uploads/b.txt']);
  });

  test('a missing directory is refused, nothing is deleted, and nothing is made in its place', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.run();
    await rename(site.path('uploads'), site.path('moved-away'));
    expect(await site.run()).toMatchObject({ status: 'refused', refused: { guard: 'directory-missing' } });
    expect(existsSync(site.path('uploads'))).toBe(false);
    expect(await site.keysInBucket()).toEqual(['uploads/a.txt']);
  });

  test('an uploads folder that was made anew has no base: nothing beyond ten files is deleted unasked', async () => {
    const site = await create();
    for (let index = 0; index < 20; index++) await site.write(`uploads/${index}.txt`, String(index));
    await site.run();
    await rename(site.path('uploads'), site.path('uploads_backup_1'));
    await mkdir(site.path('uploads'));
    await site.write('uploads/imported.txt', 'imported');
    expect(await site.run()).toMatchObject({
      status: 'refused',
      uploaded: 1,
      deletedRemote: 0,
      refused: { guard: 'first-run', count: 20, deletes: { remote: 20, local: 0 } },
    });
  });

  test('a folder that lost all of its files is refused while the others go on', async () => {
    const site = await create();
    for (let index = 0; index < 60; index++) await site.write(`uploads/kept/${index}.txt`, 'kept');
    for (let index = 0; index < 11; index++) await site.write(`uploads/mounted/${index}.txt`, 'mounted');
    await site.run();
    await site.remove('uploads/mounted');
    await mkdir(site.path('uploads/mounted'));
    await site.write('uploads/kept/new.txt', 'new');
    expect(await site.run()).toMatchObject({
      status: 'refused',
      uploaded: 1,
      deletedRemote: 0,
      refused: { guard: 'folder-emptied', count: 11 },
    });
  });

  test('the first run deletes ten extra objects unasked and not eleven, and goes on asking until confirmed', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    for (let index = 0; index < 11; index++) await site.putObject(`uploads/extra/${index}`, 'extra');
    for (let index = 0; index < 100; index++) await site.write(`uploads/many/${index}.txt`, String(index));
    await site.write('uploads/extra/kept', 'kept');
    const first = await site.run();
    expect(first).toMatchObject({ status: 'refused', uploaded: 102, refused: { guard: 'first-run', count: 11 } });
    const again = await site.run();
    expect(again).toMatchObject({ status: 'refused', refused: { guard: 'first-run', count: 11 } });

    await site.deleteObject('uploads/extra/10');
    const outdated = await site.run({ confirm: 'not what a person saw' });
    expect(outdated).toMatchObject({ status: 'done', deletedRemote: 10 });
  });

  test('a first run in which a file failed does not make the next one delete unasked', async () => {
    const site = await create();
    for (let index = 0; index < 100; index++) await site.write(`uploads/${index}.txt`, String(index));
    for (let index = 0; index < 20; index++) await site.putObject(`uploads/extra-${index}`, 'extra');
    makePipe(site.path('uploads/pipe'));
    expect(await site.run()).toMatchObject({ status: 'partial', deletedRemote: 0, withheld: 20 });
    await site.remove('uploads/pipe');
    expect(await site.run()).toMatchObject({ status: 'refused', deletedRemote: 0, refused: { guard: 'first-run' } });
  });

  test('a confirmation does exactly the deletes that were seen', async () => {
    const site = await create();
    for (let index = 0; index < 40; index++) await site.write(`uploads/${index}.txt`, String(index));
    await site.run();
    for (let index = 0; index < 20; index++) await site.remove(`uploads/${index}.txt`);
    const refused = await site.run();
    expect(refused.refused).toMatchObject({ guard: 'max-delete', count: 20 });

    await site.remove('uploads/20.txt');
    const outdated = await site.run({ confirm: refused.refused?.digest });
    expect(outdated).toMatchObject({ status: 'refused', deletedRemote: 0, refused: { count: 21 } });
    expect(outdated.refused?.message).toContain('no longer those that were confirmed');

    const confirmed = await site.run({ confirm: outdated.refused?.digest });
    expect(confirmed).toMatchObject({ status: 'done', deletedRemote: 21 });
    expect(await site.keysInBucket()).toHaveLength(19);
  });

  test('many small deletes in one day are measured like one big one', async () => {
    const site = await create();
    for (let index = 0; index < 40; index++) await site.write(`uploads/${index}.txt`, String(index));
    await site.run();
    for (let index = 0; index < 5; index++) await site.remove(`uploads/${index}.txt`);
    expect(await site.run()).toMatchObject({ status: 'done', deletedRemote: 5 });
    for (let index = 5; index < 10; index++) await site.remove(`uploads/${index}.txt`);
    expect(await site.run()).toMatchObject({ status: 'done', deletedRemote: 5 });
    await site.remove('uploads/10.txt');
    expect(await site.run()).toMatchObject({ status: 'refused', refused: { guard: 'max-delete', count: 1 } });
  });

  test('a second site writes nothing until it takes the bucket over', async () => {
    const production = await create();
    await production.write('uploads/a.txt', 'production');
    await production.run();
    const staging = await create({ bucketName: production.bucketName });
    await staging.write('uploads/a.txt', 'staging');
    const owner = { siteId: 'site-1', databaseHash: 'a copy of the database' };
    const refused = await staging.run({ owner });
    expect(refused).toMatchObject({ status: 'refused', uploaded: 0, refused: { guard: 'other-site' } });
    expect((await production.getObject('uploads/a.txt')).body.toString()).toBe('production');

    expect(await staging.run({ owner, takeOver: true })).toMatchObject({ status: 'done', uploaded: 1 });
    expect(await production.run()).toMatchObject({ status: 'refused', refused: { guard: 'other-site' } });
    expect((await production.getObject('uploads/a.txt')).body.toString()).toBe('staging');
  });

  test('a copy of the site on another database server writes nothing, although it is reached by the same name', async () => {
    const owner = { siteId: 'site-1', databaseHash: 'database-1' };
    const production = await create();
    await production.write('uploads/a.txt', 'production');
    expect(await production.run({ owner: { ...owner, databaseServer: 'one' } })).toMatchObject({ status: 'done' });
    const staging = await create({ bucketName: production.bucketName });
    await staging.write('uploads/a.txt', 'staging');
    const copied = { ...owner, databaseServer: 'two' };
    const refused = await staging.run({ owner: copied });
    expect(refused).toMatchObject({ status: 'refused', uploaded: 0, refused: { guard: 'other-site' } });
    expect(refused.refused?.fix).toContain('database server');
    expect(await staging.run({ owner: copied, takeOver: true })).toMatchObject({ status: 'done', uploaded: 1 });
    expect(await production.run({ owner: { ...owner, databaseServer: 'one' } })).toMatchObject({ status: 'refused' });
  });

  test('a database server that tells nothing of itself, now or earlier, stops no sync', async () => {
    const owner = { siteId: 'site-1', databaseHash: 'database-1' };
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    const markOf = async () => (await site.getObject('.s3-sync/owner')).body.toString();
    expect(await site.run({ owner })).toMatchObject({ status: 'done' });
    expect(await site.run({ owner: { ...owner, databaseServer: 'one' } })).toMatchObject({ status: 'done' });
    expect(await markOf()).toContain('"databaseServer":"one"');
    const noLongerTold = await site.run({ owner });
    expect(noLongerTold).toMatchObject({ status: 'done' });
    expect(noLongerTold.requests).not.toHaveProperty('PutObject');
    expect(await markOf()).toContain('"databaseServer":"one"');
  });

  test('a second living server with a directory of its own is refused and named', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    const run = await site.run({ otherDirectory: async () => ({ host: 'web-2', directory: '/srv/public' }) });
    expect(run).toMatchObject({ status: 'refused', uploaded: 0, refused: { guard: 'other-directory' } });
    expect(run.refused?.message).toContain('web-2');
    expect(await site.keysInBucket()).toEqual([]);
  });

  test('a file that a database row still names keeps its object, and the run says so', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.write('uploads/named.png', 'the only copy');
    await site.run();
    await site.remove('uploads/named.png');
    const run = await site.run({ referenced: async (keys) => new Set(keys) });
    expect(run).toMatchObject({ status: 'partial', deletedRemote: 0, withheld: 1 });
    expect(run.failures).toMatchObject([{ key: 'uploads/named.png', code: 'WITHHELD' }]);
    expect(await site.keysInBucket()).toContain('uploads/named.png');
  });

  test('named keys are synced without a listing, and their deletes do not count for the guards', async () => {
    const site = await create();
    for (const name of ['a', 'b', 'c']) await site.write(`uploads/${name}.png`, name);
    await site.run();
    await site.write('uploads/d.png', 'd');
    for (const name of ['a', 'b', 'c']) await site.remove(`uploads/${name}.png`);
    const keys = ['a', 'b', 'c', 'd'].map((name) => `uploads/${name}.png`);
    const run = await site.run({ scope: { kind: 'keys', keys }, claimedRecently: true });
    expect(run).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 3 });
    expect(run.requests).toEqual({ PutObject: 1, DeleteObjects: 1 });
  });

  test('a run of the local side makes no request when nothing changed, and finds what did', async () => {
    const site = await create();
    for (let index = 0; index < 5; index++) await site.write(`uploads/${index}.txt`, String(index));
    await site.run();
    const idle = await site.run({ scope: { kind: 'local' } });
    expect(idle).toMatchObject({ status: 'done', unchanged: 5, requests: {} });
    await site.write('uploads/new.txt', 'new');
    await site.remove('uploads/1.txt');
    const run = await site.run({ scope: { kind: 'local' }, claimedRecently: true });
    expect(run).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: 1 });
    expect(run.requests).toEqual({ PutObject: 1, DeleteObjects: 1 });
  });

  test('an object that can be no file here is told, and does not keep others from being deleted', async () => {
    const site = await create();
    await site.write('uploads/kept.txt', 'kept');
    await site.write('uploads/gone.txt', 'gone');
    await site.run();
    await site.putObject('uploads/a//b.txt', 'of a stranger');
    await site.remove('uploads/gone.txt');
    expect(await site.run()).toMatchObject({ status: 'partial', failed: 1, withheld: 0, deletedRemote: 1 });
    expect(await site.keysInBucket()).toEqual(['uploads/a//b.txt', 'uploads/kept.txt']);
  });

  test('symlinks are left alone on both sides, and reported', async () => {
    const site = await create();
    await site.write('uploads/a.txt', 'a');
    await site.putObject('uploads/linked/in-bucket.txt', 'behind the link');
    await mkdir(site.path('elsewhere'));
    await writeFile(site.path('elsewhere/secret.txt'), 'secret');
    await symlink(site.path('elsewhere'), site.path('uploads/linked'));
    const run = await site.run();
    expect(run).toMatchObject({ status: 'partial', uploaded: 1, deletedRemote: 0 });
    expect(run.failures).toContainEqual(expect.objectContaining({ key: 'uploads/linked', code: 'SYMLINK' }));
    expect(await site.keysInBucket()).toEqual(['uploads/a.txt', 'uploads/linked/in-bucket.txt']);
  });

  test('uploads itself may be a symlink', async () => {
    const site = await create();
    await rename(site.path('uploads'), site.path('shared'));
    await symlink(site.path('shared'), site.path('uploads'));
    await site.write('shared/a.txt', 'a');
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 1 });
    await rename(site.path('shared'), site.path('gone'));
    expect(await site.run()).toMatchObject({ status: 'refused', deletedRemote: 0 });
    expect(await site.keysInBucket()).toEqual(['uploads/a.txt']);
  });

  test('a cancelled run says so, leaves no unfinished upload behind, and the next one completes it', async () => {
    const site = await create();
    for (let index = 0; index < 300; index++) await site.write(`uploads/${index}.txt`, `content ${index}`);
    const controller = new AbortController();
    const cancelled = await site.run({
      signal: controller.signal,
      concurrency: 2,
      onProgress: ({ uploaded }) => {
        if (uploaded > 0) controller.abort();
      },
    });
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.uploaded).toBeLessThan(300);
    expect(await site.run()).toMatchObject({ status: 'done' });
    expect(await site.keysInBucket()).toHaveLength(300);
  });

  test('a file that is still being written is uploaded when it is whole', async () => {
    const site = await create();
    await writeFile(site.path('uploads/growing.bin'), 'first half');
    const running = site.run({ settleMs: 2_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await writeFile(site.path('uploads/growing.bin'), 'first half, second half');
    expect(await running).toMatchObject({ status: 'done', uploaded: 1 });
    expect((await site.getObject('uploads/growing.bin')).body.toString()).toBe('first half, second half');
  });
});

/** Compares directory and bucket byte by byte with another program. Returns its words, one difference a line. */
async function differencesByRclone(store: Store, site: SyncedDirectory): Promise<string[]> {
  const { accessKeyId, secretAccessKey } = store.credentials;
  const remote = `:s3,provider=Other,access_key_id=${accessKeyId},secret_access_key=${secretAccessKey},force_path_style=true,region=${store.region},endpoint="${store.endpoint}":${site.bucketName}/uploads`;
  const flags = ['--download', '--no-unicode-normalization', '--exclude', '/.s3-sync/**', '--combined', '-'];
  try {
    const options = {
      maxBuffer: 64 * MIB,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, RCLONE_CONFIG: '/dev/null' },
    };
    const { stdout } = await promisify(execFile)('rclone', ['check', site.path('uploads'), remote, ...flags], options);
    return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('= '));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      if (process.env.CI === 'true') throw new Error('rclone is missing: apt-get install -y rclone');
      process.stderr.write('SKIPPED the comparison by rclone. To run it: apt-get install -y rclone\n');
      return [];
    }
    return [error instanceof Error ? error.message : String(error)];
  }
}
