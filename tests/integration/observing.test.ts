import { createServer } from 'node:http';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { INSTANCE_UID, RUN_UID } from '../../server/src/content-types/models';
import { servicesOf } from '../../server/src/services';
import { runAnswer, runDetailAnswer, settingsAnswer } from '../support/adminAnswers';
import { endOfStart, syncNow } from '../support/runs';
import type { S3Server } from '../support/s3-server/startS3Server';
import { SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const counts = z.record(z.string(), z.number());
const total = z.object({ files: z.number(), bytes: z.number() });
const activity = z.object({ since: z.string(), events: counts, runs: counts, outcomes: counts, skipped: counts });

const status = z.object({
  state: z.string(),
  settingsVersion: z.string(),
  running: runAnswer.optional(),
  lastRun: runAnswer.optional(),
  unresolved: runAnswer.optional(),
  elsewhere: z.array(runAnswer),
  activity,
  totals: activity,
  lastLook: z
    .object({ at: z.string(), status: z.string(), sides: z.object({ local: total, remote: total }) })
    .optional(),
  next: z.object({ scanAt: z.string().optional(), reconcileAt: z.string().optional() }),
});

const errorList = z.object({
  results: z.array(z.object({ source: z.string(), level: z.string(), message: z.string(), count: z.number() })),
  pagination: z.object({ total: z.number() }),
});

const trashList = z.object({
  results: z.array(z.object({ id: z.string(), key: z.string() })),
  keptDays: z.number(),
  host: z.string(),
  pagination: z.object({ total: z.number() }),
});

/** Nothing comes by itself while the tests go on: the next times are far away. */
const QUIET = { syncOn: { enabled: false }, scanEvery: 86_400, reconcileCron: '0 3 29 2 *' };

describe('what is told of a site [in-project]', () => {
  let store: Store & { server: S3Server };
  let bucket: SiteBucket;
  let app: StartedStrapi;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucket = await SiteBucket.create(store);
    app = await startStrapi({ pluginConfig: bucket.config(QUIET) });
    await endOfStart(app);
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
  });
  beforeEach(() => {
    store.server.clearFaults();
  });

  const uploads = () => path.join(app.publicDir, 'uploads');
  const write = (name: string, content = name) => {
    writeFileSync(path.join(uploads(), name), content);
  };
  const readStatus = async () => status.parse((await app.admin.get('/s3-sync/status').expect(200)).body);

  test('the status counts files and bytes on each side, and says whether they are in step', async () => {
    write('a.txt', '12345');
    write('b.txt', '123');
    await bucket.put('uploads/stray.txt', 'to be deleted');
    await syncNow(app);
    const inStep = await readStatus();
    expect(inStep.state).toBe('in-step');
    expect(inStep.lastLook).toMatchObject({
      status: 'done',
      sides: { local: { files: 2, bytes: 8 }, remote: { files: 2, bytes: 8 } },
    });

    write('c.txt', '1');
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'PutObject', key: /c/ },
    });
    await syncNow(app);
    const failed = await readStatus();
    expect(failed.state).toBe('out-of-step');
    expect(failed.lastLook?.sides).toEqual({ local: { files: 3, bytes: 9 }, remote: { files: 2, bytes: 8 } });
    store.server.clearFaults();
    await syncNow(app);
    expect((await readStatus()).state).toBe('in-step');
  });

  test('the status tells when this server looks next by itself', async () => {
    const { next } = await readStatus();
    expect(new Date(next.reconcileAt ?? '').getHours()).toBe(3);
    expect(Date.parse(next.reconcileAt ?? '')).toBeGreaterThan(Date.now());
    expect(Date.parse(next.scanAt ?? '')).toBeGreaterThan(Date.now() - 1_000);
  });

  test('what asked for syncs is summed up over restarts', async () => {
    await syncNow(app);
    const before = await readStatus();
    const runs = before.totals.runs.button ?? 0;
    expect(runs).toBeGreaterThan(0);
    const { appDir, publicDir, databaseFile } = app;
    await app.stop({ keepApp: true });
    const started = await startStrapi({ pluginConfig: bucket.config(QUIET), appDir, publicDir, databaseFile });
    app = { ...started, stop: (options) => started.stop(options) };
    await waitUntil('the run of the second start', async () =>
      (await readStatus()).activity.runs.start === 1 ? true : undefined,
    );
    const after = await readStatus();
    expect(after.activity.runs.button).toBeUndefined();
    expect(after.totals.runs.button).toBe(runs);
    expect(after.totals.events.start).toBe(2);
    expect(after.totals.since).toBe(before.totals.since);
    await syncNow(app);
    expect((await readStatus()).totals.runs.button).toBe(runs + 1);
  });

  test('a run that failed, was refused or left files is an event that a webhook can be made for', async () => {
    const told: unknown[] = [];
    const off = app.strapi.eventHub.on('s3-sync.run.failed', async (payload: unknown) => {
      told.push(payload);
    });
    const received: unknown[] = [];
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push(JSON.parse(body));
        response.end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(receiver.address());
    const url = `http://127.0.0.1:${port}/`;
    const hook = { name: 'failed', url, headers: {}, events: ['s3-sync.run.failed'] };
    const made = await app.admin.post('/admin/webhooks').send(hook);
    expect([made.status, made.body]).toEqual([201, expect.anything()]);
    try {
      await syncNow(app);
      store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'ListObjectsV2' } });
      const failed = await syncNow(app);
      store.server.clearFaults();
      write('d.txt');
      store.server.fault({
        kind: 'status',
        status: 403,
        code: 'AccessDenied',
        match: { operation: 'PutObject', key: /d/ },
      });
      const partial = await syncNow(app);
      // A run is announced a little after its end is in the history.
      await waitUntil('both are told', async () => (told.length > 1 ? true : undefined));
      const runs = z.array(z.object({ run: runAnswer })).parse(told);
      expect(runs.map(({ run }) => [run.id, run.status])).toEqual([
        [failed.id, 'failed'],
        [partial.id, 'partial'],
      ]);
      expect(JSON.stringify(told)).not.toContain(store.credentials.secretAccessKey);
      const [first] = await waitUntil('the webhook', async () => (received.length > 1 ? received : undefined));
      expect(first).toMatchObject({
        event: 's3-sync.run.failed',
        run: { id: failed.id, error: { code: 'ACCESS_DENIED' } },
      });
    } finally {
      off();
      receiver.closeAllConnections();
      receiver.close();
    }
  });

  test('somebody who listens and fails does not fail the run', async () => {
    const off = app.strapi.eventHub.on('s3-sync.run.failed', async () => {
      throw new Error('no mail server');
    });
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'ListObjectsV2' } });
    try {
      expect(await syncNow(app)).toMatchObject({ status: 'failed', error: { code: 'ACCESS_DENIED' } });
      const line = 'Somebody who listens to s3-sync.run.failed failed: no mail server';
      await waitUntil('the line in the log', async () => (app.logs().includes(line) ? true : undefined));
    } finally {
      off();
    }
  });

  test("a run's files are told by kind", async () => {
    for (let index = 0; index < 3; index += 1) write(`kind-${index}.txt`);
    await syncNow(app);
    for (let index = 0; index < 3; index += 1) write(`kind-${index}.txt`, `again ${index}`);
    rmSync(path.join(uploads(), 'a.txt'));
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'PutObject', key: /kind/ },
    });
    const run = await syncNow(app);
    const kind = async (name: string) =>
      runDetailAnswer.parse((await app.admin.get(`/s3-sync/runs/${run.id}?kind=${name}`).expect(200)).body);
    expect((await kind('failed')).failures.map(({ code }) => code)).toEqual(Array(3).fill('ACCESS_DENIED'));
    expect((await kind('withheld')).failures.map(({ key }) => key)).toEqual(['uploads/a.txt']);
    expect((await kind('conflict')).pagination.total).toBe(0);
    await app.admin.get(`/s3-sync/runs/${run.id}?kind=other`).expect(400);
  });

  test('what a guard withheld stays to be settled when an image goes well, until a whole run does', async () => {
    for (let index = 0; index < 20; index += 1) write(`many-${index}.txt`);
    await syncNow(app);
    expect((await readStatus()).unresolved).toBeUndefined();
    for (let index = 0; index < 20; index += 1) rmSync(path.join(uploads(), `many-${index}.txt`));
    const refused = await syncNow(app);
    expect((await readStatus()).unresolved).toMatchObject({ id: refused.id, status: 'refused' });

    const uploaded = path.join(uploads(), 'image.png');
    writeFileSync(uploaded, 'an image');
    servicesOf(app.strapi).wishes.add({ trigger: 'media', uploads: ['image.png'] });
    const later = await waitUntil('the image is in the bucket', async () => {
      const found = await readStatus();
      return found.lastRun?.trigger === 'media' && found.running === undefined ? found : undefined;
    });
    expect(later.lastRun).toMatchObject({ status: 'done', uploaded: 1 });
    expect(later).toMatchObject({ state: 'out-of-step', unresolved: { id: refused.id } });

    const digest = refused.refused?.digest;
    expect(await syncNow(app, { confirm: digest })).toMatchObject({ status: 'done', deletedRemote: 20 });
    const settled = await readStatus();
    expect(settled.state).toBe('in-step');
    expect(settled.unresolved).toBeUndefined();
  });

  test('runs of a server with another directory are told by themselves, and take no place of those here', async () => {
    const mine = await syncNow(app);
    const directoryId = '00000000-0000-4000-8000-000000000001';
    const server = { host: 'web-2', pid: 7, bootId: 'of-web-2', directory: '/srv/other', directoryId };
    const run = { ...server, trigger: 'cron', mode: 'MULTI', startedAt: new Date(), heartbeatAt: new Date() };
    const refused = { guard: 'max-delete', count: 20, limit: 10, message: 'Too many.', fix: 'Look at them.' };
    await app.strapi.db.query(INSTANCE_UID).create({ data: { ...server, mode: 'MULTI', seenAt: Date.now() } });
    const runs = app.strapi.db.query(RUN_UID);
    const ended = { status: 'refused', endedAt: new Date(), result: { scope: 'whole', refused } };
    await runs.createMany({ data: [{ ...run, ...ended }] });
    await runs.createMany({ data: [{ ...run, status: 'running' }] });
    try {
      const found = await readStatus();
      expect(found.lastRun?.id).toBe(mine.id);
      expect(found.running).toBeUndefined();
      expect(found.unresolved).toBeUndefined();
      expect(found.elsewhere).toMatchObject([
        { status: 'running', host: 'web-2', pid: 7 },
        { status: 'refused', host: 'web-2', refused: { guard: 'max-delete' } },
      ]);
      // Nobody waits for a server that is gone.
      await app.strapi.db.query(INSTANCE_UID).deleteMany({ where: { host: 'web-2' } });
      expect((await readStatus()).elsewhere).toMatchObject([{ status: 'running' }]);
    } finally {
      await app.strapi.db.query(INSTANCE_UID).deleteMany({ where: { host: 'web-2' } });
      await runs.deleteMany({ where: { host: 'web-2' } });
    }
  });

  test('the status tells when the saved settings are others, whoever saved them', async () => {
    const read = async () => settingsAnswer.parse((await app.admin.get('/s3-sync/settings').expect(200)).body).version;
    const before = await read();
    expect((await readStatus()).settingsVersion).toBe(before);
    await servicesOf(app.strapi).settings.save({ trashDays: 3 });
    const { settingsVersion } = await readStatus();
    expect(settingsVersion).not.toBe(before);
    expect(await read()).toBe(settingsVersion);
    await servicesOf(app.strapi).settings.save({ trashDays: null });
    expect((await readStatus()).settingsVersion).toBe(before);
  });

  test('errors outside runs are kept, the same ones once with a count', async () => {
    const log = servicesOf(app.strapi).errorLog.logFor('read-through');
    for (let index = 0; index < 3; index += 1) log.warn('The store did not answer.');
    servicesOf(app.strapi).errorLog.logFor('feed').error('The feed is away.');
    const list = async () => errorList.parse((await app.admin.get('/s3-sync/errors?pageSize=2').expect(200)).body);
    await waitUntil('they are written', async () => ((await list()).pagination.total >= 2 ? true : undefined));
    log.warn('The store did not answer.');
    const { results } = await waitUntil('the fourth is counted', async () => {
      const found = await list();
      return found.results.some(({ count }) => count === 4) ? found : undefined;
    });
    expect(results[0]).toMatchObject({
      source: 'read-through',
      level: 'warn',
      message: 'The store did not answer.',
      count: 4,
    });
    expect(results[1]).toMatchObject({ source: 'feed', level: 'error', message: 'The feed is away.', count: 1 });
    expect(app.logs()).toContain('[s3-sync] The feed is away.');
  });

  test('the trash is paged and searched', async () => {
    const folder = path.join(uploads(), '.s3-sync', 'trash');
    mkdirSync(folder, { recursive: true });
    for (let index = 0; index < 5; index += 1) {
      const id = `00000000000000${index}-00000000000${index}`;
      const key = `uploads/${index % 2 === 0 ? 'Even' : 'odd'}-${index}.txt`;
      writeFileSync(path.join(folder, `${id}.json`), JSON.stringify({ key, at: index, size: 1, why: 'deleted' }));
      writeFileSync(path.join(folder, id), 'x');
    }
    const ask = async (query: string) =>
      trashList.parse((await app.admin.get(`/s3-sync/trash?${query}`).expect(200)).body);
    const first = await ask('pageSize=2');
    expect([first.results.map(({ key }) => key), first.pagination.total]).toEqual([
      ['uploads/Even-4.txt', 'uploads/odd-3.txt'],
      5,
    ]);
    const found = await ask('search=even&pageSize=2&page=2');
    expect([found.results.map(({ key }) => key), found.pagination.total]).toEqual([['uploads/Even-0.txt'], 3]);
    expect(found.keptDays).toBe(7);
    const [item] = found.results;
    await app.admin.post(`/s3-sync/trash/${item?.id}/restore`).send({}).expect(200, { key: 'uploads/Even-0.txt' });
    await app.admin.post(`/s3-sync/trash/${item?.id}/restore`).send({}).expect(404);
    expect(readdirSync(uploads())).toContain('Even-0.txt');
  });
});
