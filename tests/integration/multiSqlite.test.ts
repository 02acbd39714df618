import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { endOfStart, listRuns, syncNow } from '../support/runs';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { describeRealestStore } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const uploadAnswer = z.array(z.object({ id: z.number(), hash: z.string(), ext: z.string() })).length(1);

describeRealestStore('one server in MULTI mode on SQLite', (store) => {
  let app: StartedStrapi;
  let bucket: SiteBucket;

  beforeAll(async () => {
    bucket = await SiteBucket.create(store());
    app = await startStrapi({ pluginConfig: bucket.config({ ...NO_TIMERS, mode: 'MULTI' }) });
    await endOfStart(app);
  });
  afterAll(() => app.stop());

  const upload = async (text: string, name: string) => {
    const answer = await app.admin.post('/upload').attach('files', Buffer.from(text), name).expect(201);
    const [file] = uploadAnswer.parse(answer.body);
    if (file === undefined) throw new Error('Nothing was uploaded.');
    return { id: file.id, key: `uploads/${file.hash}${file.ext}` };
  };
  const fileOf = (key: string) => path.join(app.publicDir, key);

  test('uploads, deletes and files written by hand reach the bucket', async () => {
    const { id, key } = await upload('one', 'one.txt');
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);
    await app.admin.delete(`/upload/files/${id}`).expect(200);
    expect(await bucket.waitUntilInStep(app.publicDir)).not.toContain(key);
    writeFileSync(fileOf('uploads/by-hand.txt'), 'by hand');
    expect(await syncNow(app)).toMatchObject({ status: 'done', uploaded: 1 });
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain('uploads/by-hand.txt');
  });

  test('a file that the Media Library names and that is missing here is fetched back', async () => {
    const { key } = await upload('fetch me back', 'back.txt');
    await bucket.waitUntilInStep(app.publicDir);
    rmSync(fileOf(key));
    expect(await syncNow(app)).toMatchObject({ status: 'done', deletedRemote: 0 });
    expect(readFileSync(fileOf(key), 'utf8')).toBe('fetch me back');
  });

  test('what was overwritten can be listed and restored by the service, and lives', async () => {
    writeFileSync(fileOf('uploads/page.txt'), 'first');
    await syncNow(app);
    const { trash, feed } = servicesOf(app.strapi);
    // Another server has replaced it: here the object in the bucket is another one.
    await bucket.put('uploads/page.txt', 'second');
    await syncNow(app);
    expect(readFileSync(fileOf('uploads/page.txt'), 'utf8')).toBe('second');
    const [item] = await trash.list();
    expect(item).toMatchObject({ key: 'uploads/page.txt', why: 'overwritten', size: 5 });
    const service: unknown = app.strapi.plugin('s3-sync').service('trash');
    expect(service).toBe(trash);
    const position = await feed.position();
    await trash.restore(item?.id ?? '');
    expect(readFileSync(fileOf('uploads/page.txt'), 'utf8')).toBe('first');
    expect((await feed.since(position, 10))[0]).toMatchObject({ key: 'uploads/page.txt', action: 'put', byName: true });
    await waitUntil('the restored file in the bucket', async () => {
      const objects = await bucket.objects();
      return objects['uploads/page.txt'] === '8b04d5e3775d298e78455efc5ca404d5' ? true : undefined;
    });
    expect(await trash.list()).toMatchObject([{ key: 'uploads/page.txt', why: 'overwritten', size: 6 }]);
    expect(await syncNow(app)).toMatchObject({ status: 'done', uploaded: 0 });
    expect(await trash.restore('000000000000001-0123456789ab')).toBeUndefined();
  });

  test('a restart whose disk was wiped fills the directory from the bucket and deletes nothing', async () => {
    const before = await bucket.objects();
    expect(Object.keys(before).length).toBeGreaterThan(2);
    const { appDir } = app;
    const [newest] = await listRuns(app);
    await app.stop({ keepApp: true });
    rmSync(path.join(app.publicDir, 'uploads'), { recursive: true });
    mkdirSync(path.join(app.publicDir, 'uploads'));
    app = await startStrapi({ appDir, pluginConfig: bucket.config({ ...NO_TIMERS, mode: 'MULTI' }) });
    await endOfStart(app, newest?.id);
    await bucket.waitUntilInStep(app.publicDir);
    expect(await bucket.objects()).toEqual(before);
    const { appDir: folder } = app;
    const stop = app.stop.bind(app);
    app.stop = async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    };
    expect(existsSync(fileOf('uploads/by-hand.txt'))).toBe(true);
  });
});
