import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { makePng } from '../support/makePng';
import { countEndedRuns } from '../support/runs';
import { localFiles, NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { describeCountingStore } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const ARTICLES = '/content-manager/collection-types/api::article.article';
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });
const filesAnswer = z.array(z.object({ id: z.number(), hash: z.string() })).min(1);
const PAIRS = 15;
const ALLOWED_MS = 50;

/** The first run sends every file; a busy machine takes its time. */
const START_MS = 150_000;

/** A file that no save made is in the bucket within a minute. A busy machine walks long, and the pauses are as much longer. */
const SCAN_MS = 60_000;

const FILES = 10_000;

describeCountingStore('a site with thousands of files', (store) => {
  let app: StartedStrapi;
  let bucket: SiteBucket;
  let publicDir: string;
  let documentId: string;

  beforeAll(async () => {
    publicDir = mkdtempSync(path.join(tmpdir(), 's3-sync-files-'));
    mkdirSync(path.join(publicDir, 'uploads'));
    for (let index = 0; index < FILES; index += 1) {
      writeFileSync(path.join(publicDir, 'uploads', `file-${index}.txt`), `content of ${index}`);
    }
    bucket = await SiteBucket.create(store());
    const { syncOn, ...pluginConfig } = bucket.config();
    app = await startStrapi({ pluginConfig, publicDir });
    await app.admin
      .put('/s3-sync/settings')
      .send({ ...NO_TIMERS, syncOn })
      .expect(200);
    const { outcomes } = await waitUntil(
      'the first run has ended',
      async () => (countEndedRuns(app) > 0 ? readActivity() : undefined),
      START_MS,
    );
    expect(outcomes).toMatchObject({ changed: 1, failed: 0, refused: 0 });
    expect(Object.keys(await bucket.objects())).toHaveLength(FILES);
    const created = await app.admin.post(ARTICLES).send({ title: 'Created' }).expect(201);
    documentId = documentAnswer.parse(created.body).data.documentId;
    await waitUntil('the run of the article', async () => (countEndedRuns(app) > 1 ? true : undefined));
  }, 2 * START_MS);
  afterAll(async () => {
    await app.stop();
    rmSync(publicDir, { recursive: true, force: true });
  });

  const readActivity = () => servicesOf(app.strapi).activity.read();
  const save = () =>
    app.admin
      .put(`${ARTICLES}/${documentId}`)
      .send({ title: `Saved ${Date.now()}` })
      .expect(200);
  const files = () => localFiles(publicDir);

  /** The S3 requests of an act and of the one run that follows it, by kind; also what the store itself has counted. */
  async function requestsOf(act: () => Promise<unknown>): Promise<Record<string, number>> {
    store().server?.clearRequests();
    const before = readActivity().requests;
    const ended = countEndedRuns(app);
    await act();
    await waitUntil('the run', async () => (countEndedRuns(app) > ended ? true : undefined));
    const counted = Object.entries(readActivity().requests).map(([kind, count]) => [kind, count - (before[kind] ?? 0)]);
    const requests = z
      .record(z.string(), z.number())
      .parse(Object.fromEntries(counted.filter(([, count]) => count !== 0)));
    const seen: Record<string, number> = {};
    for (const { operation } of store().server?.requests() ?? []) seen[operation] = (seen[operation] ?? 0) + 1;
    if (store().server !== undefined) expect(seen).toEqual(requests);
    return requests;
  }

  test('saves an article without one request', async () => {
    expect(await requestsOf(save)).toEqual({});
  });

  test('uploads an image with four formats in five requests, replaces what changed, and deletes it in one', async () => {
    let file = { id: 0, hash: '' };
    const uploaded = await requestsOf(async () => {
      const answer = await app.admin
        .post('/upload')
        .attach('files', makePng(1_200, 600, 50), 'big.png')
        .expect(201);
      [file = file] = filesAnswer.parse(answer.body);
    });
    expect(uploaded).toEqual({ PutObject: 5 });

    const before = files();
    const replaced = await requestsOf(() =>
      app.admin
        .post(`/upload?id=${file.id}`)
        .attach('files', makePng(600, 300, 51), 'smaller.png')
        .expect(200),
    );
    const after = files();
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    const gone = Object.keys(before).filter((key) => after[key] === undefined);
    expect(changed.length).toBeGreaterThan(0);
    expect(gone.length).toBeGreaterThan(0);
    expect(replaced).toEqual({ PutObject: changed.length, DeleteObjects: 1 });

    expect(await requestsOf(() => app.admin.delete(`/upload/files/${file.id}`).expect(200))).toEqual({
      DeleteObjects: 1,
    });
    expect(Object.keys(await bucket.objects())).toHaveLength(FILES);
  });

  test('finds a file that another process wrote at the next scan', async () => {
    await app.admin.put('/s3-sync/settings').send({ scanEvery: 10 }).expect(200);
    const file = path.join(publicDir, 'uploads', 'by-sftp.txt');
    const { PutObject: putsBefore = 0, ListObjectsV2: listingsBefore } = readActivity().requests;
    execFileSync(process.execPath, ['-e', `require('fs').writeFileSync(${JSON.stringify(file)}, 'from elsewhere')`]);
    await waitUntil(
      'the file goes up',
      async () => ((readActivity().requests.PutObject ?? 0) > putsBefore ? true : undefined),
      SCAN_MS,
    );
    const { PutObject, ListObjectsV2 } = readActivity().requests;
    expect({ PutObject, ListObjectsV2 }).toEqual({ PutObject: putsBefore + 1, ListObjectsV2: listingsBefore });
    expect(await bucket.objects()).toHaveProperty(['uploads/by-sftp.txt']);
    await app.admin.put('/s3-sync/settings').send({ scanEvery: 0 }).expect(200);
  });

  test('saves an article as fast as with automatic syncs off', async () => {
    const setEnabled = (enabled: boolean) =>
      app.admin
        .put('/s3-sync/settings')
        .send({ syncOn: { enabled, coalesceSeconds: 0.2 } })
        .expect(200);
    const differences: number[] = [];
    // The first ones warm up.
    for (let pair = -2; pair < PAIRS; pair += 1) {
      const times = { on: 0, off: 0 };
      for (const which of pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
        await setEnabled(which === 'on');
        const begun = performance.now();
        await save();
        times[which] = performance.now() - begun;
      }
      if (pair >= 0) differences.push(times.on - times.off);
    }
    await setEnabled(true);
    expect(differences.toSorted((a, b) => a - b)[Math.floor(PAIRS / 2)]).toBeLessThan(ALLOWED_MS);
  });
});
