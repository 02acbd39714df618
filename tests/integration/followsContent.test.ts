import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { makePng } from '../support/makePng';
import { endOfStart, syncNow } from '../support/runs';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { describeRealestStore } from '../support/stores';
import { waitUntil } from '../support/waitUntil';
import { startStrapi, type StartedStrapi } from '../support/strapi';

const ARTICLES = '/content-manager/collection-types/api::article.article';
const uploadAnswer = z.array(z.object({ id: z.number(), hash: z.string() })).min(1);
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });

describeRealestStore('the bucket follows', (store) => {
  let app: StartedStrapi;
  let bucket: SiteBucket;
  beforeAll(async () => {
    bucket = await SiteBucket.create(store());
    app = await startStrapi({ pluginConfig: bucket.config(NO_TIMERS) });
    await endOfStart(app);
  });
  afterAll(() => app.stop());

  const upload = async (width: number, shade: number, name: string) => {
    const answer = await app.admin
      .post('/upload')
      .attach('files', makePng(width, width / 2, shade), name)
      .expect(201);
    return z.object({ id: z.number(), hash: z.string() }).parse(uploadAnswer.parse(answer.body)[0]);
  };

  /** A file that no Strapi API wrote: only a look at the directory finds it. */
  const writeByHand = (name: string) => {
    writeFileSync(path.join(app.publicDir, 'uploads', name), `written by hand: ${name}`);
    return `uploads/${name}`;
  };

  test('an image with its formats: uploaded, described, replaced, deleted', async () => {
    const { id, hash } = await upload(1_200, 80, 'big.png');
    const keys = await bucket.waitUntilInStep(app.publicDir);
    expect(keys.filter((key) => key.includes(hash))).toHaveLength(5);

    const fileInfo = JSON.stringify({ alternativeText: 'A grey picture', caption: 'Grey' });
    await app.admin.post(`/upload?id=${id}`).field('fileInfo', fileInfo).expect(200);
    await bucket.waitUntilInStep(app.publicDir);

    const before = await bucket.objects();
    await app.admin
      .post(`/upload?id=${id}`)
      .attach('files', makePng(600, 300, 160), 'small.png')
      .expect(200);
    const replaced = await bucket.waitUntilInStep(app.publicDir);
    expect(replaced.filter((key) => key.includes(hash)).length).toBeLessThan(5);
    expect(await bucket.objects()).not.toEqual(before);

    await app.admin.delete(`/upload/files/${id}`).expect(200);
    const left = await bucket.waitUntilInStep(app.publicDir);
    expect(left.filter((key) => key.includes(hash))).toEqual([]);
  });

  test('files deleted in bulk', async () => {
    const files = [await upload(20, 1, 'one.png'), await upload(20, 2, 'two.png'), await upload(20, 3, 'three.png')];
    expect(await bucket.waitUntilInStep(app.publicDir)).toEqual(
      expect.arrayContaining(files.map(({ hash }) => `uploads/${hash}.png`)),
    );
    const fileIds = files.map(({ id }) => id);
    await app.admin.post('/upload/actions/bulk-delete').send({ fileIds }).expect(200);
    const left = await bucket.waitUntilInStep(app.publicDir);
    for (const { hash } of files) expect(left).not.toContain(`uploads/${hash}.png`);
  });

  test('an article in the Content Manager: created, updated, published, unpublished, deleted', async () => {
    const { id } = await upload(20, 4, 'cover.png');
    const created = await app.admin.post(ARTICLES).send({ title: 'First', cover: id }).expect(201);
    const url = `${ARTICLES}/${documentAnswer.parse(created.body).data.documentId}`;
    const steps = [
      () => app.admin.put(url).send({ title: 'Second' }).expect(200),
      () => app.admin.post(`${url}/actions/publish`).send({ title: 'Third' }).expect(200),
      () => app.admin.post(`${url}/actions/unpublish`).send({}).expect(200),
      () => app.admin.delete(url).expect(200),
    ];
    for (const [index, step] of steps.entries()) {
      const key = writeByHand(`content-manager-${index}.txt`);
      await step();
      expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);
    }
  });

  test('an article by REST: created, updated, deleted', async () => {
    const body = { name: 'rest', description: '', type: 'full-access', lifespan: null };
    const made = await app.admin.post('/admin/api-tokens').send(body).expect(201);
    const token = z.object({ data: z.object({ accessKey: z.string() }) }).parse(made.body).data.accessKey;
    const bearer = { Authorization: `Bearer ${token}` };

    let key = writeByHand('rest-create.txt');
    const created = await app.request
      .post('/api/articles')
      .set(bearer)
      .send({ data: { title: 'By REST' } })
      .expect(201);
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);

    const url = `/api/articles/${documentAnswer.parse(created.body).data.documentId}`;
    key = writeByHand('rest-update.txt');
    await app.request
      .put(url)
      .set(bearer)
      .send({ data: { title: 'Again' } })
      .expect(200);
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);

    key = writeByHand('rest-delete.txt');
    await app.request.delete(url).set(bearer).expect(204);
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);
  });

  test('rows that are written below the Document Service', async () => {
    const key = writeByHand('query.txt');
    await app.strapi.db.query('api::article.article').create({ data: { title: 'By query' } });
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(key);
    const many = writeByHand('query-many.txt');
    await app.strapi.db.query('api::article.article').deleteMany({ where: { title: 'By query' } });
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(many);
  });

  test('media rows that are removed in bulk below the Media Library, without their files', async () => {
    const { hash } = await upload(20, 5, 'row-only.png');
    await bucket.waitUntilInStep(app.publicDir);
    const { activity } = servicesOf(app.strapi);
    const before = activity.read();
    await app.strapi.db.query('plugin::upload.file').deleteMany({ where: { hash } });
    await waitUntil('a run for the rows that changes nothing', async () => {
      const now = activity.read();
      const hasRun = (now.runs.media ?? 0) > (before.runs.media ?? 0);
      return hasRun && now.outcomes.unchanged > before.outcomes.unchanged ? now : undefined;
    });
    // The file is still here, so it stays there.
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(`uploads/${hash}.png`);
  });

  test('but never loses a copy of a file that the Media Library still names', async () => {
    const { hash } = await upload(20, 6, 'precious.png');
    await bucket.waitUntilInStep(app.publicDir);
    rmSync(path.join(app.publicDir, 'uploads', `${hash}.png`));
    await app.admin.post(ARTICLES).send({ title: 'A reason to look' }).expect(201);
    const run = await syncNow(app);
    expect(run.withheld).toBe(1);
    expect(Object.keys(await bucket.objects())).toContain(`uploads/${hash}.png`);
  });

  test('and its credentials are in no log line', () => {
    const { accessKeyId, secretAccessKey } = store().credentials;
    expect(app.logs()).not.toContain(secretAccessKey);
    expect(app.logs()).not.toContain(accessKeyId);
  });
});
