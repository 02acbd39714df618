import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { createStrapi } from '@strapi/strapi';
import { RUN_FAILURE_UID, RUN_UID } from '../../server/src/content-types/models';
import { servicesOf } from '../../server/src/services';
import { errorAnswer, runDetailAnswer, statusAnswer } from '../support/adminAnswers';
import { makePng } from '../support/makePng';
import { countEndedRuns, endOfRun, endOfStart, listRuns, startNow, syncNow } from '../support/runs';
import type { S3Server } from '../support/s3-server/startS3Server';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, startStrapiProcess, type StartedStrapi, type StrapiProcess } from '../support/strapi';
import { writeTestApp } from '../support/testApp';
import { pause, waitUntil } from '../support/waitUntil';

let store: Store & { server: S3Server };
beforeAll(async () => {
  store = await startInProjectStore();
});
afterAll(() => store.server.close());
beforeEach(() => {
  store.server.clearFaults();
});

function writeFiles(publicDir: string, count: number, name = 'file'): void {
  for (let index = 0; index < count; index += 1) {
    writeFileSync(path.join(publicDir, 'uploads', `${name}-${index}.txt`), `content of ${index}`);
  }
}

/** What the server holds, but for the plugin's own object. */
const keysOf = (bucket: SiteBucket) => store.server.listKeys(bucket.name).filter((key) => !key.startsWith('.s3-sync/'));

describe('runs of a site [in-project]', () => {
  let bucket: SiteBucket;
  let app: StartedStrapi;

  beforeAll(async () => {
    bucket = await SiteBucket.create(store);
    app = await startStrapi({
      pluginConfig: bucket.config({ ...NO_TIMERS, syncOn: { enabled: false }, concurrency: 1 }),
    });
    await endOfStart(app);
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    const uploads = path.join(app.publicDir, 'uploads');
    for (const name of readdirSync(uploads)) if (!name.startsWith('.')) rmSync(path.join(uploads, name));
    const { refused } = await syncNow(app);
    if (refused) await syncNow(app, { confirm: refused.digest });
  });

  test('are forgotten, with their failures, but for the last 200', async () => {
    const { id } = await syncNow(app);
    const row = {
      trigger: 'content',
      mode: 'SINGLE',
      status: 'done',
      startedAt: new Date(),
      heartbeatAt: new Date(),
      host: 'h',
      pid: 1,
      bootId: 'b',
      directory: '/d',
    };
    await app.strapi.db.query(RUN_UID).createMany({ data: Array.from({ length: 204 }, () => row) });
    const failure = { key: 'k', code: 'INTERNAL', message: 'm', fix: 'f' };
    await app.strapi.db.query(RUN_FAILURE_UID).createMany({
      data: [
        { runId: id, ...failure },
        { runId: id + 204, ...failure },
      ],
    });
    const newest = await syncNow(app);
    expect(await app.strapi.db.query(RUN_UID).count()).toBe(200);
    await app.admin.get(`/s3-sync/runs/${id}`).expect(404);
    await app.admin.get(`/s3-sync/runs/${newest.id - 199}`).expect(200);
    expect(await app.strapi.db.query(RUN_FAILURE_UID).count()).toBe(1);
  });

  test('of an emptied directory are refused and delete nothing, and a person can confirm just that', async () => {
    writeFiles(app.publicDir, 30);
    await syncNow(app);
    for (let index = 0; index < 30; index += 1) rmSync(path.join(app.publicDir, 'uploads', `file-${index}.txt`));
    const refused = await syncNow(app);
    expect(refused).toMatchObject({ status: 'refused', deletedRemote: 0, withheld: 30 });
    expect(keysOf(bucket)).toHaveLength(30);
    const confirm = refused.refused?.digest;
    expect(await syncNow(app, { confirm })).toMatchObject({ status: 'done', deletedRemote: 30 });
    expect(keysOf(bucket)).toEqual([]);
  });

  test('keep every failure with its reason, page by page', async () => {
    writeFiles(app.publicDir, 250);
    const match = { operation: 'PutObject', key: /[05]\.txt$/ } as const;
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match });
    const run = await syncNow(app);
    expect(run).toMatchObject({ status: 'partial', failed: 50, uploaded: 200 });
    const page = await app.admin.get(`/s3-sync/runs/${run.id}?page=3&pageSize=20`).expect(200);
    const { failures, pagination } = runDetailAnswer.parse(page.body);
    expect(pagination).toEqual({ page: 3, pageSize: 20, total: 50 });
    expect(failures).toHaveLength(10);
    expect(failures[0]).toMatchObject({ code: 'ACCESS_DENIED', fix: expect.stringContaining('s3:PutObject') });
    expect(app.logs()).toContain('50 failed');
  });

  test('are asked for by no save and no upload where the settings switch that off', async () => {
    const before = countEndedRuns(app);
    await app.strapi.documents('api::article.article').create({ data: { title: 'Nobody asked' } });
    await app.admin
      .post('/upload')
      .attach('files', makePng(10, 10, 8), 'c.png')
      .expect(201);
    await pause(1_000);
    expect(countEndedRuns(app)).toBe(before);
  });

  test('are shown with who asked, progress and end; one at a time; and can be cancelled', async () => {
    writeFiles(app.publicDir, 40);
    store.server.fault({ kind: 'delay', ms: 200, match: { operation: 'PutObject' } });
    const run = await startNow(app);
    expect(run).toMatchObject({ trigger: 'button', startedBy: 'Ada Admin', status: 'running' });

    const second = await app.admin.post('/s3-sync/runs').send({}).expect(409);
    expect(second.body).toMatchObject({ error: { name: 'ConflictError', details: { run: { id: run.id } } } });

    const status = await waitUntil('progress', async () => {
      const { running } = statusAnswer.parse((await app.admin.get('/s3-sync/status').expect(200)).body);
      return running !== undefined && running.uploaded > 0 ? running : undefined;
    });
    expect(status.id).toBe(run.id);

    await app.admin.post(`/s3-sync/runs/${run.id}/cancel`).send({}).expect(202);
    const end = await endOfRun(app, run.id);
    expect(end.status).toBe('cancelled');
    expect(end.uploaded).toBeLessThan(40);
    const again = await app.admin.post(`/s3-sync/runs/${run.id}/cancel`).send({}).expect(409);
    const { message, details } = errorAnswer.parse(again.body).error;
    expect([message, details.code]).toEqual(['This run has already ended.', 'RUN_ENDED']);

    store.server.clearFaults();
    expect(await syncNow(app)).toMatchObject({ status: 'done' });
    await bucket.waitUntilInStep(app.publicDir);
    await servicesOf(app.strapi).runner.stop();
    const stopping = await app.admin.post('/s3-sync/runs').send({}).expect(409);
    expect(errorAnswer.parse(stopping.body).error.details.code).toBe('STOPPING');
  });
});

describe('runs of server processes on one directory [in-project]', () => {
  let bucket: SiteBucket;
  let pluginConfig: Record<string, unknown>;
  let first: StrapiProcess;

  beforeAll(async () => {
    bucket = await SiteBucket.create(store);
    pluginConfig = bucket.config({ ...NO_TIMERS, concurrency: 1 });
    first = await startStrapiProcess({ plugin: 'built', pluginConfig });
    await endOfStart(first);
  });
  afterAll(async () => {
    await first.stop({ keepApp: true });
    rmSync(first.appDir, { recursive: true, force: true });
  });

  test('that a kill -9 ended are shown as interrupted, and the next one completes them', async () => {
    writeFiles(first.publicDir, 60);
    store.server.fault({ kind: 'delay', ms: 100, match: { operation: 'PutObject' } });
    const run = await startNow(first);
    await waitUntil('some files', async () => (keysOf(bucket).length > 5 ? true : undefined));
    await first.kill();
    expect(keysOf(bucket).length).toBeLessThan(60);
    store.server.clearFaults();

    const { appDir, databaseFile } = first;
    first = await startStrapiProcess({ plugin: 'built', pluginConfig, appDir, databaseFile });
    const interrupted = await endOfRun(first, run.id);
    expect(interrupted.status).toBe('interrupted');
    expect((await endOfStart(first, run.id)).status).toBe('done');
    expect(await bucket.waitUntilInStep(first.publicDir)).toHaveLength(60);
    const again = await syncNow(first);
    expect(again).toMatchObject({ status: 'done', uploaded: 0, deletedRemote: 0 });
  });

  test('of a second process are refused in clear words, and go on when the first has ended', async () => {
    const { publicDir, databaseFile } = first;
    const [newest] = await listRuns(first);
    const second = await startStrapiProcess({ plugin: 'built', pluginConfig, publicDir, databaseFile });
    try {
      await endOfStart(second, newest?.id);
      writeFiles(publicDir, 20, 'other');
      store.server.fault({ kind: 'delay', ms: 250, match: { operation: 'PutObject' } });
      const run = await startNow(first);
      // By its first file the run has told the others which directory it syncs.
      await waitUntil('its first file', async () =>
        keysOf(bucket).some((key) => key.includes('other')) ? true : undefined,
      );
      const refused = await second.admin.post('/s3-sync/runs').send({}).expect(409);
      expect(errorAnswer.parse(refused.body).error.message).toBe(
        `Another process (${hostname()}, ${first.pid}) is syncing this directory: run ${run.id}.`,
      );
      const seen = statusAnswer.parse((await second.admin.get('/s3-sync/status').expect(200)).body);
      expect(seen.running?.id).toBe(run.id);
      await second.admin.post(`/s3-sync/runs/${run.id}/cancel`).send({}).expect(409);
      store.server.clearFaults();
      expect((await endOfRun(first, run.id)).status).toBe('done');
      expect((await syncNow(second)).status).toBe('done');
    } finally {
      await second.stop();
    }
  });
});

describe('runs [in-project]', () => {
  test('of a copy of the site write nothing until an administrator takes the bucket over', async () => {
    const bucket = await SiteBucket.create(store);
    const pluginConfig = bucket.config(NO_TIMERS);
    const original = await startStrapi({ pluginConfig });
    await endOfStart(original);
    writeFiles(original.publicDir, 5);
    const last = await syncNow(original);
    expect(last.status).toBe('done');
    await original.stop({ keepApp: true });

    const before = await bucket.objects();
    store.server.clearRequests();
    const copy = await startStrapi({ pluginConfig, copyDatabaseFrom: original.databaseFile });
    try {
      writeFileSync(path.join(copy.publicDir, 'uploads', 'of-the-copy.txt'), 'staging');
      await endOfStart(copy, last.id);
      const refused = await syncNow(copy);
      expect(refused).toMatchObject({ status: 'refused', refused: { guard: 'other-site' } });
      const ended = countEndedRuns(copy);
      await copy.strapi.documents('api::article.article').create({ data: { title: 'Staging' } });
      await waitUntil('the run of the article', async () => (countEndedRuns(copy) > ended ? true : undefined));
      expect(await bucket.objects()).toEqual(before);
      const writes = store.server.requests().filter(({ operation }) => !/^(List|Head|Get)/.test(operation));
      expect(writes).toEqual([]);

      const taken = await syncNow(copy, { takeOver: true });
      expect(taken.status).toBe('done');
      expect(Object.keys(await bucket.objects())).toContain('uploads/of-the-copy.txt');
    } finally {
      await copy.stop();
      rmSync(original.appDir, { recursive: true, force: true });
    }
  });

  test('do not begin where Strapi is loaded and no server listens, as for `strapi export`', async () => {
    const bucket = await SiteBucket.create(store);
    const { appDir, publicDir } = writeTestApp({ pluginConfig: bucket.config() });
    writeFiles(publicDir, 3);
    const strapi = await createStrapi({ appDir, distDir: appDir, autoReload: false, serveAdminPanel: false }).load();
    try {
      await strapi.documents('api::article.article').create({ data: { title: 'From a script' } });
      await pause(1_500);
      expect(await strapi.db.query(RUN_UID).count()).toBe(0);
      expect(store.server.listKeys(bucket.name)).toEqual([]);
    } finally {
      await strapi.destroy();
      rmSync(appDir, { recursive: true });
    }
  });

  test('name the cause and the fix where the bucket or the keys are wrong, without a secret', async () => {
    const bucket = await SiteBucket.create(store);
    const secretAccessKey = 'not-the-right-secret';
    const app = await startStrapi({ pluginConfig: bucket.config({ secretAccessKey }) });
    try {
      const run = await endOfStart(app);
      expect(run).toMatchObject({ status: 'failed', error: { code: 'CREDENTIALS_REJECTED' } });
      const answers = [await app.admin.get('/s3-sync/status'), await app.admin.get('/s3-sync/runs')];
      const everything = JSON.stringify(answers.map(({ text }) => text)) + app.logs();
      expect(everything).not.toContain(secretAccessKey);
      expect(everything).not.toContain(store.credentials.accessKeyId);
    } finally {
      await app.stop();
    }
  });
});
