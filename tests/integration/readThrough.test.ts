import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders } from 'node:http';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import type { FilesService, ReadRange } from '../../server/src/serve/files';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { endOfStart, syncNow } from '../support/runs';
import type { FaultAction, FaultMatch } from '../support/s3-server/Faults';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';
import { timed } from '../support/timed';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const FILE_UID = 'plugin::upload.file';
const MIB = 1024 * 1024;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** All that was announced came. */
  isComplete: boolean;
}

describe('files that are missing here and asked for', () => {
  let store: Store & { server: S3Server };
  let bucket: SiteBucket;
  let app: StartedStrapi;
  /** A file that is named and never comes: asked for at the start, as the answer takes 10 s. */
  let neverComing: Promise<Answer>;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucket = await SiteBucket.create(store);
    app = await startStrapi({
      pluginConfig: bucket.config({
        mode: 'MULTI',
        exclude: ['**/*excluded*'],
        // What comes here comes because it was asked for.
        ...NO_TIMERS,
        syncOn: { enabled: false },
      }),
    });
    await endOfStart(app);
    await addRow('never.txt');
    neverComing = ask('/uploads/never.txt');
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
  });
  beforeEach(() => {
    store.server.clearFaults();
    store.server.clearRequests();
  });

  /** A row of the Media Library, as another server would have written it. */
  async function addRow(name: string, formats: Record<string, string> = {}): Promise<number> {
    const split = (file: string) => ({ hash: path.basename(file, path.extname(file)), ext: path.extname(file) });
    const row: unknown = await app.strapi.db.query(FILE_UID).create({
      data: {
        name,
        ...split(name),
        mime: 'text/plain',
        size: 1,
        url: `/uploads/${name}`,
        provider: 'local',
        folderPath: '/',
        formats: Object.fromEntries(
          Object.entries(formats).map(([format, file]) => [format, { ...split(file), url: `/uploads/${file}` }]),
        ),
      },
    });
    return z.object({ id: z.number() }).parse(row).id;
  }

  /** Puts bytes in the bucket as another server would, with a row that names them. */
  async function addMissing(name: string, bytes: Buffer): Promise<number> {
    await store.server.putObject(bucket.name, `uploads/${name}`, bytes, { 'x-amz-meta-mtime': '1700000000.5' });
    return addRow(name);
  }

  const note = (key: string, action: 'put' | 'delete', bytes: Buffer) =>
    servicesOf(app.strapi).feed.append([{ key, action, md5: md5(bytes), byName: true }], 'another-directory');

  /** A request whose path goes out exactly as it is. */
  function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(app.url);
      const request = get({ hostname, port, path: url, headers, method, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => undefined);
        response.on('close', () => {
          const { statusCode: status = 0, headers: answered, complete: isComplete } = response;
          resolve({ status, headers: answered, body: Buffer.concat(chunks), isComplete });
        });
      });
      request.on('error', reject);
    });
  }

  const fileOf = (name: string) => path.join(app.publicDir, 'uploads', name);
  /** Bytes that the store was asked for; the file that never comes is asked for all the time. */
  const gets = () =>
    store.server
      .requests()
      .filter(({ operation, key }) => operation === 'GetObject' && !key.endsWith('/never.txt'))
      .map(({ key }) => key);
  /** A temporary file may go a little after its answer has ended. */
  const untilNoTemporaries = () =>
    waitUntil('no temporary file is left', async () =>
      readdirSync(path.join(app.publicDir, 'uploads')).some((name) => name.includes('tmp')) ? undefined : true,
    );

  test('a file that a media entry names is fetched once, stored, and then served as a local one', async () => {
    const bytes = Buffer.from('the bytes of another server');
    await addMissing('named.txt', bytes);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/uploads/named.txt')));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 200, body: bytes, isComplete: true });
      expect(answer.headers).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(bytes.length),
        'last-modified': new Date(1_700_000_000_500).toUTCString(),
        etag: `"${md5(bytes)}"`,
      });
    }
    expect(gets()).toHaveLength(1);
    expect(readFileSync(fileOf('named.txt'))).toEqual(bytes);

    const part = await ask('/uploads/named.txt', { range: 'bytes=4-8' });
    expect(part).toMatchObject({ status: 206, body: bytes.subarray(4, 9) });
    expect(part.headers['content-range']).toBe(`bytes 4-8/${bytes.length}`);
    const otherVersion = await ask('/uploads/named.txt', { range: 'bytes=4-8', 'if-range': '"another"' });
    expect(otherVersion).toMatchObject({ status: 200, body: bytes });
    expect(await ask('/uploads/named.txt', { 'if-none-match': `"${md5(bytes)}"` })).toMatchObject({ status: 304 });
    expect(await ask('/uploads/named.txt', {}, 'HEAD')).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(gets()).toHaveLength(1);

    // Base knows it: nothing is left to do, and nothing to ask the store but what it holds.
    store.server.clearRequests();
    const run = await syncNow(app);
    expect(run).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0 });
    expect(Object.keys(run.requests)).toEqual(['ListObjectsV2']);
  });

  test('HEAD fetches it too, and a format of an image counts like the image', async () => {
    const bytes = randomBytes(5_000);
    await store.server.putObject(bucket.name, 'uploads/small_image.png', bytes);
    await addRow('image.png', { small: 'small_image.png' });
    const head = await ask('/uploads/small_image.png', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': '5000', 'content-type': 'image/png' } });
    expect(readFileSync(fileOf('small_image.png'))).toEqual(bytes);
  });

  test('a file of no media entry is fetched where the change feed names it, and no more once it was deleted', async () => {
    const bytes = Buffer.from('written by a plugin elsewhere');
    await store.server.putObject(bucket.name, 'uploads/sub/feed.txt', bytes);
    expect(await ask('/uploads/sub/feed.txt')).toMatchObject({ status: 404 });
    expect(gets()).toEqual([]);
    await note('uploads/sub/feed.txt', 'put', bytes);
    expect(await ask('/uploads/sub/feed.txt')).toMatchObject({ status: 200, body: bytes });

    await store.server.putObject(bucket.name, 'uploads/gone.txt', bytes);
    await note('uploads/gone.txt', 'put', bytes);
    await note('uploads/gone.txt', 'delete', bytes);
    expect(await ask('/uploads/gone.txt')).toMatchObject({ status: 404 });
    await store.server.deleteObject(bucket.name, 'uploads/gone.txt');
    // Deleted here in the folder, and not walked yet.
    rmSync(fileOf('sub/feed.txt'));
    expect(await ask('/uploads/sub/feed.txt')).toMatchObject({ status: 404 });
    expect(gets()).toHaveLength(1);
  });

  test('names that nobody knows, and names that must not be served, cost no request of the store', async () => {
    const bytes = Buffer.from('secret');
    const names = [
      'uploads/.hidden',
      'uploads/.s3-sync/directory-id',
      'uploads/excluded.txt',
      'uploads/a/b.txt',
      'other/x.txt',
      'x.txt',
    ];
    for (const key of names) {
      await store.server.putObject(bucket.name, key, bytes);
      await addRow(key.replace(/^uploads\//, ''));
    }
    store.server.clearRequests();
    const paths = [
      '/uploads/.hidden',
      '/uploads/.s3-sync/directory-id',
      '/uploads/%2es3-sync/directory-id',
      '/uploads/excluded.txt',
      '/uploads/a%2Fb.txt',
      '/uploads/a%5Cb.txt',
      '/uploads/../x.txt',
      '/uploads/%2e%2e/x.txt',
      '/uploads/..%2fx.txt',
      '/uploads/a%00.txt',
      '/uploads//a.txt',
      '/uploads/%E0%A4%A.txt',
      '/uploads/',
      '/other/x.txt',
      '/x.txt',
    ];
    for (const one of paths) {
      const { status, body } = await ask(one);
      expect([one, status >= 400 && status < 500]).toEqual([one, true]);
      expect(body.toString()).not.toContain('secret');
    }
    const unknown = await Promise.all(Array.from({ length: 300 }, (_, index) => ask(`/uploads/no-such-${index}.jpg`)));
    expect(new Set(unknown.map(({ status }) => status))).toEqual(new Set([404]));
    // What the feed told of in other tests may be looked at meanwhile; of these names nothing is.
    const asked = store.server.requests().map(({ key }) => key);
    expect(asked.filter((key) => names.includes(key) || key.includes('no-such'))).toEqual([]);
  });

  test('a file whose bytes come to the bucket a little later is waited for', async () => {
    const bytes = Buffer.from('late');
    await addRow('late.txt');
    const answer = ask('/uploads/late.txt');
    await waitUntil('it was looked for in vain', async () => (gets().length > 0 ? true : undefined));
    await store.server.putObject(bucket.name, 'uploads/late.txt', bytes);
    expect(await answer).toMatchObject({ status: 200, body: bytes });
  });

  test('a body that breaks off is fetched anew, and who reads along gets every byte', async () => {
    const bytes = randomBytes(6 * MIB);
    await addMissing('broken.bin', bytes);
    store.server.fault({ kind: 'cut-body', match: { key: 'uploads/broken.bin' }, times: 1 });
    const [whole, part, head] = await Promise.all([
      ask('/uploads/broken.bin'),
      ask('/uploads/broken.bin', { range: `bytes=${5 * MIB}-` }),
      ask('/uploads/broken.bin', {}, 'HEAD'),
    ]);
    expect(whole.body.equals(bytes)).toBe(true);
    expect(whole.headers).toMatchObject({ 'content-length': String(6 * MIB), 'accept-ranges': 'bytes' });
    expect(part.status).toBe(206);
    expect(part.body.equals(bytes.subarray(5 * MIB))).toBe(true);
    expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(6 * MIB) } });
    await waitUntil('it is stored', async () => (existsSync(fileOf('broken.bin')) ? true : undefined));
    expect(readFileSync(fileOf('broken.bin')).equals(bytes)).toBe(true);
    expect(gets()).toHaveLength(2);
  });

  test('a body that never comes whole is never complete for a client, and leaves no file', async () => {
    await addMissing('cut.bin', randomBytes(4 * MIB));
    await addMissing('cut.txt', Buffer.from('a small file'));
    store.server.fault({ kind: 'cut-body', match: { operation: 'GetObject', key: /cut/ } });
    const [large, small] = await Promise.all([ask('/uploads/cut.bin'), ask('/uploads/cut.txt')]);
    expect(large).toMatchObject({ status: 200, isComplete: false });
    expect(small.status).toBe(404);
    expect([fileOf('cut.bin'), fileOf('cut.txt')].filter((file) => existsSync(file))).toEqual([]);
    await untilNoTemporaries();
  });

  test('100 requests at once for one large file make one GET', async () => {
    const bytes = randomBytes(3 * MIB);
    await addMissing('large.bin', bytes);
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask('/uploads/large.bin')));
    expect(answers.filter(({ status, body }) => status !== 200 || !body.equals(bytes))).toEqual([]);
    expect(gets()).toEqual(['uploads/large.bin']);
  });

  test('while the store answers 503 to one request in ten, no body is wrong or cut', async () => {
    const files = Array.from({ length: 60 }, (_, index) => ({ name: `busy-${index}.bin`, bytes: randomBytes(50_000) }));
    for (const { name, bytes } of files) await addMissing(name, bytes);
    store.server.fault({ kind: 'status', status: 503, code: 'SlowDown', match: { key: /busy/, probability: 0.1 } });
    const asked = files.flatMap((file) => [file, file, file]);
    const answers = await Promise.all(asked.map(({ name }) => ask(`/uploads/${name}`)));
    for (const [index, { status, body, isComplete }] of answers.entries()) {
      expect(isComplete).toBe(true);
      if (status === 200) expect(body.equals(asked[index]?.bytes ?? Buffer.alloc(0))).toBe(true);
      else expect([404, 503]).toContain(status);
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(100);
  });

  test('a client that leaves does not keep the file from coming', async () => {
    const bytes = randomBytes(8 * MIB);
    await addMissing('left.bin', bytes);
    await new Promise<void>((resolve) => {
      const request = get(`${app.url}/uploads/left.bin`, (response) => {
        response.once('data', () => {
          request.destroy();
          resolve();
        });
        response.on('error', () => undefined);
      });
      request.on('error', () => undefined);
    });
    await waitUntil('it is stored', async () => (existsSync(fileOf('left.bin')) ? true : undefined));
    expect(readFileSync(fileOf('left.bin')).equals(bytes)).toBe(true);
    await untilNoTemporaries();
  });

  describe('while the store is down or slow', () => {
    /** What is promised: the whole answer within 2 s of the request's first byte. */
    const PROMISED_MS = 2_000;
    const large = randomBytes(3 * MIB);

    async function expectPrompt404(names: readonly string[], headers: Record<string, string> = {}, method = 'GET') {
      for (const { result, ms } of await Promise.all(
        names.map((name) => timed(() => ask(`/uploads/${name}`, headers, method))),
      )) {
        expect(result).toMatchObject({ status: 404, isComplete: true, headers: { 'cache-control': 'no-store' } });
        expect(ms).toBeLessThan(PROMISED_MS);
      }
    }

    test.each<[string, FaultAction]>([
      ['does not answer', { kind: 'hang' }],
      ['answers with an error', { kind: 'status', status: 500 }],
      ['is busy', { kind: 'status', status: 503, code: 'SlowDown' }],
      ['breaks the connection', { kind: 'reset' }],
      ['answers headers and then stalls', { kind: 'stall', afterBytes: 0 }],
    ])('one that %s: 404 within 2 s, small file or large, and after that the file', async (how, fault) => {
      const name = `down-${how.replaceAll(/\W+/g, '-')}`;
      await addMissing(`${name}.txt`, Buffer.from('small'));
      await addMissing(`${name}.bin`, large);
      store.server.fault({ ...fault, match: { key: new RegExp(name) } });
      await expectPrompt404([`${name}.txt`, `${name}.bin`]);
      await expectPrompt404([`${name}.txt`, `${name}.bin`], {}, 'HEAD');
      await expectPrompt404([`${name}.bin`], { range: 'bytes=0-99' });
      store.server.clearFaults();
      // What goes on from before ends first: it may still be joined.
      await waitUntil('the small one is here', async () =>
        (await ask(`/uploads/${name}.txt`)).status === 200 ? true : undefined,
      );
      const again = await waitUntil('the large one is here', async () => {
        const answer = await ask(`/uploads/${name}.bin`);
        return answer.isComplete && answer.status === 200 ? answer : undefined;
      });
      expect(again.body.equals(large)).toBe(true);
    });

    test('one that refuses connections: 404 within 2 s', async () => {
      await neverComing;
      await addMissing('refused.txt', Buffer.from('small'));
      await addMissing('refused.bin', large);
      await store.server.refuseConnections();
      await expectPrompt404(['refused.txt', 'refused.bin']);
      await store.server.acceptConnections();
      expect(await ask('/uploads/refused.txt')).toMatchObject({ status: 200 });
    });

    test('one that stalls in the middle of a small file, or trickles it: 404 within 2 s', async () => {
      await addMissing('stalls.txt', randomBytes(10_000));
      await addMissing('trickles.txt', randomBytes(10_000));
      store.server.fault({ kind: 'stall', afterBytes: 5_000, match: { key: 'uploads/stalls.txt' } });
      store.server.fault({ kind: 'trickle', bytes: 100, match: { key: 'uploads/trickles.txt' } });
      await expectPrompt404(['stalls.txt', 'trickles.txt']);
    });

    test('one that trickles a large file: it begins within 2 s, and every byte comes', async () => {
      await addMissing('trickles.bin', large);
      store.server.fault({ kind: 'trickle', bytes: 64 * 1024, match: { key: 'uploads/trickles.bin' } });
      const { ms } = await timed(() => firstByte('/uploads/trickles.bin'));
      expect(ms).toBeLessThan(PROMISED_MS);
      const { status, isComplete, body } = await ask('/uploads/trickles.bin');
      expect([status, isComplete, body.equals(large)]).toEqual([200, true, true]);
    });

    test('one that stalls in the middle of a large file: the answer ends, and is never complete', async () => {
      await addMissing('stalls.bin', large);
      const match: FaultMatch = { key: 'uploads/stalls.bin' };
      store.server.fault({ kind: 'stall', afterBytes: MIB, match, times: 1 });
      store.server.fault({ kind: 'status', status: 500, match });
      const { ms } = await timed(() => firstByte('/uploads/stalls.bin'));
      expect(ms).toBeLessThan(PROMISED_MS);
      expect(await ask('/uploads/stalls.bin')).toMatchObject({ status: 200, isComplete: false });
    });

    test('a file that base knows and the disk has lost waits for Strapi within the same 2 s', async () => {
      await addMissing('lost.txt', Buffer.from('small'));
      expect(await ask('/uploads/lost.txt')).toMatchObject({ status: 200 });
      rmSync(fileOf('lost.txt'));
      store.server.fault({ kind: 'hang', match: { key: 'uploads/lost.txt' } });
      await expectPrompt404(['lost.txt']);
    });

    test('it is told once a minute', () => {
      // The minute of an earlier failure may end between two of these.
      expect(countTold()).toBeGreaterThan(0);
      expect(countTold()).toBeLessThan(5);
    });

    /** Resolves when the body begins, and leaves. */
    function firstByte(url: string): Promise<void> {
      return new Promise((resolve, reject) => {
        const request = get(app.url + url, { agent: false }, (response) => {
          response.on('error', () => undefined);
          response.once('data', () => {
            resolve();
            request.destroy();
          });
        });
        request.on('error', reject);
      });
    }
  });

  const countTold = () => app.logs().split('could not be fetched from the bucket').length - 1;

  test('content that the feed calls deleted does not come back, though a new entry has the name', async () => {
    const old = Buffer.from('old content');
    const fresh = Buffer.from('new content');
    await note('uploads/again.txt', 'put', old);
    await note('uploads/again.txt', 'delete', old);
    await addMissing('again.txt', old);
    const answer = ask('/uploads/again.txt');
    await waitUntil('the old content was looked at', async () => (gets().length > 0 ? true : undefined));
    await store.server.putObject(bucket.name, 'uploads/again.txt', fresh);
    expect(await answer).toMatchObject({ status: 200, body: fresh });
  });

  test('a file that came while Strapi deleted it goes again', async () => {
    const id = await addMissing('deleted.txt', Buffer.from('to be deleted'));
    expect(await ask('/uploads/deleted.txt')).toMatchObject({ status: 200 });
    // Strapi removes the file first, then its entry; somebody asks in between.
    rmSync(fileOf('deleted.txt'));
    // It waits for Strapi first: on a busy machine the answer may come before the file.
    await waitUntil('it came again', async () =>
      (await ask('/uploads/deleted.txt')).status === 200 ? true : undefined,
    );
    await app.strapi.db.query(FILE_UID).delete({ where: { id } });
    await waitUntil('it is gone', async () => (existsSync(fileOf('deleted.txt')) ? undefined : true));
    expect(await ask('/uploads/deleted.txt')).toMatchObject({ status: 404 });
  });

  test('a file that is written here meanwhile is not overwritten', async () => {
    await addMissing('both.txt', Buffer.from('from the bucket'));
    store.server.fault({ kind: 'delay', ms: 500, match: { key: 'uploads/both.txt' } });
    const answer = ask('/uploads/both.txt');
    await waitUntil('it is on its way', async () => (app.strapi.server.httpServer.listening ? true : undefined));
    writeFileSync(fileOf('both.txt'), 'from here');
    expect(await answer).toMatchObject({ status: 200, body: Buffer.from('from here') });
    expect(readFileSync(fileOf('both.txt'), 'utf8')).toBe('from here');
  });

  describe('the files service for other plugins', () => {
    const files = () => app.strapi.plugin('s3-sync').service<FilesService>('files');
    const here = 'uploads/service/here.txt';
    const away = 'uploads/service/only in the bucket.txt';

    beforeAll(async () => {
      mkdirSync(fileOf('service'), { recursive: true });
      writeFileSync(fileOf('service/here.txt'), 'local bytes');
      await store.server.putObject(bucket.name, away, 'bucket bytes');
    });

    test('tells of files here and in the bucket alike', async () => {
      expect(await files().exists(here)).toBe(true);
      expect(await files().stat(here)).toMatchObject({ key: here, size: 11, place: 'local' });
      expect(await files().exists(away)).toBe(true);
      expect(await files().stat(away)).toMatchObject({ key: away, size: 12, place: 'bucket' });
      expect(await files().exists('uploads/service/none.txt')).toBe(false);
      expect(await files().stat('uploads/service/excluded.txt')).toBeUndefined();
      await expect(files().stat('uploads/../secret')).rejects.toMatchObject({ code: 'UNSAFE_KEY' });
    });

    test('lists both in one order, without what was deleted', async () => {
      await store.server.putObject(bucket.name, 'uploads/service/deleted.txt', 'deleted');
      await note('uploads/service/deleted.txt', 'put', Buffer.from('deleted'));
      await note('uploads/service/deleted.txt', 'delete', Buffer.from('deleted'));
      const listed = [];
      for await (const file of files().list('uploads/service/')) listed.push([file.key, file.place]);
      await store.server.deleteObject(bucket.name, 'uploads/service/deleted.txt');
      expect(listed).toEqual([
        [here, 'local'],
        [away, 'bucket'],
      ]);
    });

    test('reads the bytes, whole or in part, wherever they are', async () => {
      const read = async (key: string, range?: ReadRange) => text(await files().createReadStream(key, range));
      expect(await read(here)).toBe('local bytes');
      expect(await read(here, { start: 2, end: 4 })).toBe('cal');
      expect(await read(away)).toBe('bucket bytes');
      expect(await read(away, { start: 7 })).toBe('bytes');
      await expect(files().createReadStream('uploads/none.txt')).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    test('asks the bucket for a part of a large file, not for all of it', async () => {
      const key = 'uploads/service/video.bin';
      const bytes = randomBytes(8 * MIB);
      await store.server.putObject(bucket.name, key, bytes);
      await note(key, 'put', bytes);
      const read = async (range: ReadRange) => buffer(await files().createReadStream(key, range));
      expect((await read({ start: 7 * MIB, end: 7 * MIB + 9 })).equals(bytes.subarray(7 * MIB, 7 * MIB + 10))).toBe(
        true,
      );
      expect((await read({ start: 8 * MIB - 5 })).equals(bytes.subarray(-5))).toBe(true);
      expect((await read({ end: 3 })).equals(bytes.subarray(0, 4))).toBe(true);
      expect(await read({ start: 8 * MIB })).toHaveLength(0);
      expect(await read({ start: 5, end: 4 })).toHaveLength(0);
      const asked = store.server.requests().filter((one) => one.operation === 'GetObject' && one.key === key);
      expect(asked.map(({ range }) => range)).toEqual([
        `bytes=${7 * MIB}-${7 * MIB + 9}`,
        `bytes=${8 * MIB - 5}-${8 * MIB - 1}`,
        'bytes=0-3',
      ]);
      expect(existsSync(fileOf('service/video.bin'))).toBe(false);
      // The next tests do not know it.
      await note(key, 'delete', bytes);
      await store.server.deleteObject(bucket.name, key);
    });

    test('hands out a path for as long as it is needed', async () => {
      expect(await files().withLocalFile(here, async (file) => file)).toBe(fileOf('service/here.txt'));
      let copy = '';
      const content = await files().withLocalFile(away, async (file) => {
        copy = file;
        return readFileSync(file, 'utf8');
      });
      expect(content).toBe('bucket bytes');
      expect(path.basename(copy)).toBe('only in the bucket.txt');
      expect(existsSync(copy)).toBe(false);
      const failing = files().withLocalFile(away, async (file) => {
        copy = file;
        throw new Error('The work failed.');
      });
      await expect(failing).rejects.toThrow('The work failed.');
      expect(existsSync(copy)).toBe(false);
      await untilNoTemporaries();
    });
  });

  test('a file that is named and does not come within 10 s: 503, to be asked for again and never remembered', async () => {
    const { status, headers } = await neverComing;
    expect(status).toBe(503);
    expect(headers).toMatchObject({ 'retry-after': '2', 'cache-control': 'no-store' });
    await store.server.putObject(bucket.name, 'uploads/never.txt', 'after all');
    expect(await ask('/uploads/never.txt')).toMatchObject({ status: 200, body: Buffer.from('after all') });
  });
});

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
