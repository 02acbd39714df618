import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { makePng } from '../support/makePng';
import { countEndedRuns, endOfStart, listRuns, untilQuiet } from '../support/runs';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, startStrapiProcess, type StartedStrapi, type StrapiProcess } from '../support/strapi';
import type { S3Server } from '../support/s3-server/startS3Server';
import { pause, waitUntil } from '../support/waitUntil';

const ARTICLES = '/content-manager/collection-types/api::article.article';
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });
const PAIRS = 15;
const ALLOWED_MS = 50;
const FILES = 10_000;
/** As SiteBucket configures it. */
const COALESCE_MS = 200;

let store: Store & { server: S3Server };
beforeAll(async () => {
  store = await startInProjectStore();
});
afterAll(() => store.server.close());

describe('an editor, while the store hangs and thousands of files wait for it [in-project]', () => {
  let withPlugin: StrapiProcess;
  let without: StrapiProcess;
  beforeAll(async () => {
    const bucket = await SiteBucket.create(store);
    [withPlugin, without] = await Promise.all([
      startStrapiProcess({ plugin: 'built', pluginConfig: bucket.config(NO_TIMERS) }),
      startStrapiProcess({ plugin: 'none' }),
    ]);
    await endOfStart(withPlugin);
    store.server.fault({ kind: 'hang' });
    for (let index = 0; index < FILES; index += 1) {
      writeFileSync(path.join(withPlugin.publicDir, 'uploads', `waiting-${index}.txt`), `content of ${index}`);
    }
  });
  afterAll(async () => {
    store.server.clearFaults();
    await Promise.all([withPlugin.stop(), without.stop()]);
  });

  /** The median of how much longer an act takes with the plugin, in ms; both sites take turns. */
  async function medianDelay(act: (app: StrapiProcess) => Promise<unknown>): Promise<number> {
    const differences: number[] = [];
    // The first ones warm up.
    for (let pair = -2; pair < PAIRS; pair += 1) {
      const first = pair % 2 === 0 ? withPlugin : without;
      const second = first === withPlugin ? without : withPlugin;
      const times = new Map<StrapiProcess, number>();
      for (const app of [first, second]) {
        const begun = performance.now();
        await act(app);
        times.set(app, performance.now() - begun);
      }
      if (pair >= 0) differences.push((times.get(withPlugin) ?? Infinity) - (times.get(without) ?? 0));
    }
    return differences.toSorted((a, b) => a - b)[Math.floor(PAIRS / 2)] ?? Infinity;
  }

  test('saves an article as fast as without the plugin', async () => {
    const documents = new Map<StrapiProcess, string>();
    for (const app of [withPlugin, without]) {
      const created = await app.admin.post(ARTICLES).send({ title: 'Created' }).expect(201);
      documents.set(app, documentAnswer.parse(created.body).data.documentId);
    }
    const delay = await medianDelay((app) =>
      app.admin
        .put(`${ARTICLES}/${documents.get(app) ?? ''}`)
        .send({ title: `Saved ${Date.now()}` })
        .expect(200),
    );
    expect(delay).toBeLessThan(ALLOWED_MS);
  });

  test('uploads an image as fast as without the plugin', async () => {
    const image = makePng(60, 40, 90);
    const delay = await medianDelay((app) => app.admin.post('/upload').attach('files', image, 'a.png').expect(201));
    expect(delay).toBeLessThan(ALLOWED_MS);
  });

  test('sees no error of the store', async () => {
    const created = await withPlugin.admin.post(ARTICLES).send({ title: 'Created' }).expect(201);
    const url = `${ARTICLES}/${documentAnswer.parse(created.body).data.documentId}`;
    await withPlugin.admin.post(`${url}/actions/publish`).send({ title: 'Published' }).expect(200);
    await withPlugin.admin.delete(url).expect(200);
    const uploaded = await withPlugin.admin
      .post('/upload')
      .attach('files', makePng(10, 10, 1), 'b.png')
      .expect(201);
    const id = z.array(z.object({ id: z.number() })).parse(uploaded.body)[0]?.id ?? 0;
    await withPlugin.admin.delete(`/upload/files/${id}`).expect(200);
    // The store was really asked meanwhile, and has not answered.
    const running = await waitUntil('a run that hangs', async () =>
      (await listRuns(withPlugin)).find(({ status }) => status === 'running'),
    );
    expect(['content', 'media']).toContain(running.trigger);
  });
});

describe('what is asked for [in-project]', () => {
  let app: StartedStrapi;
  let bucket: SiteBucket;
  beforeAll(async () => {
    bucket = await SiteBucket.create(store);
    app = await startStrapi({ pluginConfig: bucket.config(NO_TIMERS) });
    await endOfStart(app);
  });
  afterAll(() => app.stop());

  const articles = () => app.strapi.documents('api::article.article');
  const countRuns = () => countEndedRuns(app);

  test('within a transaction begins after its commit', async () => {
    const before = countRuns();
    await app.strapi.db.transaction(async () => {
      await articles().create({ data: { title: 'Committed' } });
      await pause(800);
      expect(servicesOf(app.strapi).runner.current()).toBeUndefined();
    });
    await waitUntil('the run after the commit', async () => (countRuns() > before ? true : undefined));
  });

  test('within a transaction that is rolled back never begins', async () => {
    await untilQuiet(app);
    const before = countRuns();
    const failing = app.strapi.db.transaction(async () => {
      await articles().create({ data: { title: 'Rolled back' } });
      await app.strapi.db.query('plugin::upload.file').create({
        data: { name: 'a', hash: 'never', ext: '.txt', mime: 'text/plain', size: 1, url: '/x', provider: 'local' },
      });
      throw new Error('rolled back on purpose');
    });
    await expect(failing).rejects.toThrow('rolled back on purpose');
    await pause(1_200);
    expect(countRuns()).toBe(before);
  });

  test('by many saves becomes few runs', async () => {
    await untilQuiet(app);
    const before = countRuns();
    const begun = Date.now();
    for (let index = 0; index < 30; index += 1) await articles().create({ data: { title: `Many ${index}` } });
    const tookMs = Date.now() - begun;
    await untilQuiet(app);
    const runs = countRuns() - before;
    expect(runs).toBeGreaterThan(0);
    // One for each time in which they gather, and the last ones.
    expect(runs).toBeLessThanOrEqual(tookMs / COALESCE_MS + 2);
  });

  test('for content that did not change a file costs no request', async () => {
    await untilQuiet(app);
    store.server.clearRequests();
    const before = countRuns();
    await articles().create({ data: { title: 'Only words' } });
    await untilQuiet(app);
    expect(countRuns()).toBeGreaterThan(before);
    expect(store.server.requests()).toEqual([]);
  });

  test('while the store is down is done when it is back', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'RequestTimeTooSkewed' });
    const answer = await app.admin
      .post('/upload')
      .attach('files', makePng(10, 10, 7), 'late.png')
      .expect(201);
    const hash = z.array(z.object({ hash: z.string() })).parse(answer.body)[0]?.hash ?? '';
    await waitUntil('a failed run', async () =>
      (await listRuns(app)).find(({ status }) => status === 'failed' || status === 'partial'),
    );
    expect(Object.keys(await bucketWithoutFault())).not.toContain(`uploads/${hash}.png`);
    store.server.clearFaults();
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain(`uploads/${hash}.png`);
  });

  /** What the server holds, read past its faults. */
  async function bucketWithoutFault(): Promise<Record<string, true>> {
    return Object.fromEntries(store.server.listKeys(bucket.name).map((key) => [key, true]));
  }
});
