import { existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RUN_UID } from '../../server/src/content-types/models';
import { servicesOf } from '../../server/src/services';
import {
  errorAnswer,
  planDetailAnswer,
  planListAnswer,
  startedPlanAnswer,
  statusAnswer,
  type PlanDetail,
} from '../support/adminAnswers';
import { endOfRun, endOfStart, startNow, syncNow } from '../support/runs';
import type { S3Server } from '../support/s3-server/startS3Server';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

/** Syncs come only by the button: nothing but the tests themselves makes a plan old. */
const QUIET = { ...NO_TIMERS, syncOn: { enabled: false } };

describe('plans [in-project]', () => {
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
  beforeEach(async () => {
    store.server.clearFaults();
    for (const name of readdirSync(uploads())) if (!name.startsWith('.')) rmSync(path.join(uploads(), name));
    const { refused } = await syncNow(app);
    if (refused) await syncNow(app, { confirm: refused.digest });
  });

  const uploads = () => path.join(app.publicDir, 'uploads');
  const write = (name: string, content = name) => {
    writeFileSync(path.join(uploads(), name), content);
  };
  const remove = (name: string) => {
    rmSync(path.join(uploads(), name));
  };

  async function look(id: string, query = ''): Promise<PlanDetail> {
    return planDetailAnswer.parse((await app.admin.get(`/s3-sync/plans/${id}${query}`).expect(200)).body);
  }

  async function endOfPlan(id: string): Promise<PlanDetail> {
    return waitUntil('the plan is made', async () => {
      const detail = await look(id);
      return detail.plan.status === 'making' ? undefined : detail;
    });
  }

  /** Asks for a preview, and returns its id. What went before it may still be about to end. */
  async function startPreview(): Promise<string> {
    await servicesOf(app.strapi).runner.idle();
    const started = await app.admin.post('/s3-sync/plans').send({}).expect(202);
    return startedPlanAnswer.parse(started.body).plan.id;
  }

  async function preview(): Promise<PlanDetail> {
    const detail = await endOfPlan(await startPreview());
    await servicesOf(app.strapi).runner.idle();
    return detail;
  }

  const short = ({ operations }: PlanDetail) => operations.map(({ key, action }) => `${action} ${key.slice(8)}`);

  test('say what a sync would do, with causes and sizes, and write nothing', async () => {
    for (const name of ['gone.txt', 'same.txt', 'changed.txt']) write(name);
    await syncNow(app);
    const before = await bucket.objects();
    const runs = await app.strapi.db.query(RUN_UID).count();
    remove('gone.txt');
    write('changed.txt', 'changed and longer');
    write('new.txt');
    const detail = await preview();
    expect(detail.plan).toMatchObject({ status: 'ready', startedBy: 'Ada Admin', failed: 0 });
    expect(detail.plan.counts).toMatchObject({
      upload: { files: 2, bytes: 25 },
      'delete-remote': { files: 1, bytes: 8 },
      download: { files: 0, bytes: 0 },
    });
    expect(detail.operations).toEqual([
      {
        action: 'delete-remote',
        key: 'uploads/gone.txt',
        cause: 'not-here-any-more',
        reason: 'not here any more',
        size: 8,
      },
      { action: 'upload', key: 'uploads/changed.txt', cause: 'changed-here', reason: 'changed here', size: 18 },
      { action: 'upload', key: 'uploads/new.txt', cause: 'not-in-bucket', reason: 'not in the bucket', size: 7 },
    ]);
    expect(await bucket.objects()).toEqual(before);
    expect(await app.strapi.db.query(RUN_UID).count()).toBe(runs);
  });

  test('are paged, filtered, searched and sorted', async () => {
    for (const name of ['b.txt', 'c.txt']) write(name);
    await syncNow(app);
    for (const name of ['b.txt', 'c.txt']) remove(name);
    write('A.txt', '1'.repeat(30));
    for (let index = 0; index < 8; index += 1) write(`n${index}.txt`, '1'.repeat(index + 10));
    const { plan } = await preview();
    const ask = (query: string) => look(plan.id, query);

    const first = await ask('?pageSize=4');
    expect(first.pagination).toEqual({ page: 1, pageSize: 4, total: 11 });
    expect(short(first)).toEqual(['delete-remote b.txt', 'delete-remote c.txt', 'upload A.txt', 'upload n0.txt']);
    const last = await ask('?pageSize=4&page=3');
    expect(short(last)).toEqual(['upload n5.txt', 'upload n6.txt', 'upload n7.txt']);
    expect(short(await ask('?pageSize=4&page=9'))).toEqual([]);

    const deletes = await ask('?action=delete-remote&sort=size');
    expect(short(deletes)).toEqual(['delete-remote b.txt', 'delete-remote c.txt']);
    expect(deletes.pagination.total).toBe(2);
    expect(short(await ask('?action=conflict'))).toEqual([]);
    expect(short(await ask('?sort=key&pageSize=3'))).toEqual([
      'upload A.txt',
      'delete-remote b.txt',
      'delete-remote c.txt',
    ]);
    expect(short(await ask('?sort=key&order=desc&pageSize=1'))).toEqual(['upload n7.txt']);
    expect(short(await ask('?sort=size&order=desc&pageSize=2'))).toEqual(['upload A.txt', 'upload n7.txt']);

    const found = await ask('?search=A.TX&sort=size');
    expect([short(found), found.pagination.total]).toEqual([['upload A.txt'], 1]);
    expect((await ask('?search=uploads/n&pageSize=2&page=2')).pagination.total).toBe(8);
    expect((await ask('?search=uploads/n&action=delete-remote')).pagination.total).toBe(0);
  });

  test('are applied as they were shown', async () => {
    write('gone.txt');
    await syncNow(app);
    remove('gone.txt');
    write('new.txt');
    const { plan } = await preview();
    const run = await syncNow(app, { plan: plan.id });
    expect(run).toMatchObject({ status: 'done', trigger: 'button', uploaded: 1, deletedRemote: 1 });
    expect(Object.keys(await bucket.objects())).toEqual(['uploads/new.txt']);
  });

  test('are out of date when a file has changed, and then nothing is done', async () => {
    write('new.txt');
    const { plan } = await preview();
    write('later.txt');
    const run = await syncNow(app, { plan: plan.id });
    expect(run).toMatchObject({ status: 'failed', uploaded: 0, error: { code: 'PLAN_OUTDATED' } });
    expect(await bucket.objects()).toEqual({});
  });

  test('are out of date when a setting has changed', async () => {
    write('new.txt');
    const { plan } = await preview();
    await app.admin
      .put('/s3-sync/settings')
      .send({ exclude: ['uploads/other/**'] })
      .expect(200);
    try {
      const answer = await app.admin.post('/s3-sync/runs').send({ plan: plan.id }).expect(409);
      expect(errorAnswer.parse(answer.body).error).toMatchObject({
        message: 'The settings have changed since the preview was made. Make a new one.',
        details: { code: 'PLAN_OUTDATED' },
      });
    } finally {
      await app.admin.put('/s3-sync/settings').send({ exclude: null }).expect(200);
    }
    expect(await syncNow(app, { plan: plan.id })).toMatchObject({ status: 'done', uploaded: 1 });
  });

  test('name the guard that would withhold deletes; they are done only when they are confirmed', async () => {
    for (let index = 0; index < 30; index += 1) write(`file-${index}.txt`);
    await syncNow(app);
    for (let index = 1; index < 30; index += 1) remove(`file-${index}.txt`);
    const { plan } = await preview();
    expect(plan.refused).toMatchObject({ guard: 'max-delete', count: 29 });
    expect(plan.counts['delete-remote']).toMatchObject({ files: 29 });
    expect(await syncNow(app, { plan: plan.id })).toMatchObject({ status: 'refused', deletedRemote: 0 });
    const run = await syncNow(app, { plan: plan.id, confirm: plan.refused?.digest });
    expect(run).toMatchObject({ status: 'done', deletedRemote: 29 });
  });

  test('say which files could not be looked at; a link or a strange name keeps no other file from being deleted', async () => {
    write('gone.txt');
    await syncNow(app);
    remove('gone.txt');
    symlinkSync('nowhere', path.join(uploads(), 'link.txt'));
    const detail = await preview();
    expect(detail.plan).toMatchObject({ status: 'ready', failed: 1 });
    expect(detail.failures).toEqual([{ key: 'uploads/link.txt', code: 'SYMLINK' }]);
    expect(detail.operations).toMatchObject([{ key: 'uploads/gone.txt', action: 'delete-remote' }]);
    remove('link.txt');

    await bucket.put('uploads/a//b.txt', 'x');
    const other = await preview();
    expect(other.failures).toEqual([{ key: 'uploads/a//b.txt', code: 'UNSAFE_KEY' }]);
    expect(other.operations).toMatchObject([{ key: 'uploads/gone.txt', action: 'delete-remote' }]);
    await bucket.remove('uploads/a//b.txt');
  });

  test('can be cancelled, and nothing syncs meanwhile', async () => {
    write('new.txt');
    store.server.fault({ kind: 'hang', match: { operation: 'ListObjectsV2' } });
    const id = await startPreview();
    const run = await app.admin.post('/s3-sync/runs').send({}).expect(409);
    expect(errorAnswer.parse(run.body).error).toMatchObject({
      message: 'A preview is being made.',
      details: { code: 'PREVIEWING' },
    });
    const { previewing } = statusAnswer.parse((await app.admin.get('/s3-sync/status').expect(200)).body);
    expect(previewing).toEqual({ seen: expect.any(Number) });
    const second = await app.admin.post('/s3-sync/plans').send({}).expect(409);
    expect(errorAnswer.parse(second.body).error.message).toBe('A preview is being made already.');
    await app.admin.post(`/s3-sync/plans/${id}/cancel`).send({}).expect(202);
    expect((await endOfPlan(id)).plan.status).toBe('cancelled');
    await app.admin.post(`/s3-sync/plans/${id}/cancel`).send({}).expect(409);
    const apply = await app.admin.post('/s3-sync/runs').send({ plan: id }).expect(409);
    expect(errorAnswer.parse(apply.body).error.message).toBe('The preview was not finished. Make a new one.');
    const folder = path.join(uploads(), '.s3-sync', 'plans', id);
    await waitUntil('nothing is left of it', async () => (existsSync(folder) ? undefined : true));
  });

  test('wait for no run', async () => {
    write('new.txt');
    store.server.fault({ kind: 'hang', match: { operation: 'PutObject' } });
    const run = await startNow(app);
    const answer = await app.admin.post('/s3-sync/plans').send({}).expect(409);
    expect(answer.body).toMatchObject({
      error: { message: 'A sync is running already.', details: { code: 'RUNNING', run: { id: run.id } } },
    });
    await app.admin.post(`/s3-sync/runs/${run.id}/cancel`).send({}).expect(202);
    await endOfRun(app, run.id);
  });

  test('that fail say why', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'ListObjectsV2' } });
    const { plan } = await preview();
    expect(plan).toMatchObject({ status: 'failed', error: { code: 'ACCESS_DENIED' } });
  });

  test('are kept to three, newest first, and are all that is in their folder', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.unshift((await preview()).plan.id);
    const { results } = planListAnswer.parse((await app.admin.get('/s3-sync/plans').expect(200)).body);
    const ready = results.filter(({ status }) => status === 'ready').map(({ id }) => id);
    expect(ready).toEqual(ids.slice(0, 3));
    expect(
      readdirSync(path.join(uploads(), '.s3-sync', 'plans'))
        .sort()
        .reverse(),
    ).toEqual(ids.slice(0, 3));
    await app.admin.get(`/s3-sync/plans/${ids[3]}`).expect(404);
  });

  test.each(['1', '000000000000000-000000000000', '..%2F..', '%00', "'"])('answer 404 for the plan %s', async (id) => {
    await app.admin.get(`/s3-sync/plans/${id}`).expect(404);
    await app.admin.post(`/s3-sync/plans/${id}/cancel`).send({}).expect(404);
    await app.admin
      .post('/s3-sync/runs')
      .send({ plan: decodeURIComponent(id) })
      .expect(404);
  });
});
