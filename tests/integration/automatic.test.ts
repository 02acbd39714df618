import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../../server/src/services';
import { startTriggers, stopTriggers } from '../../server/src/triggers';
import { makePng } from '../support/makePng';
import { countEndedRuns, endOfRun, endOfStart, listRuns, startNow, syncNow, untilQuiet } from '../support/runs';
import { localFiles, NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startStrapi, startStrapiProcess, type StartedStrapi } from '../support/strapi';
import { pause, waitUntil } from '../support/waitUntil';

const UID = 'api::article.article';
const FILE_UID = 'plugin::upload.file';
const COALESCE_SECONDS = 0.2;
const COALESCE_MS = 1_000 * COALESCE_SECONDS;

let store: Store & { server: S3Server };
let app: StartedStrapi;
let bucket: SiteBucket;
beforeAll(async () => {
  store = await startInProjectStore();
  ({ app, bucket } = await startFreeSite());
});
afterAll(async () => {
  await app.stop();
  await store.server.close();
});

/** Starts a site whose automatic syncs are free to be set. */
async function startFreeSite(): Promise<{ app: StartedStrapi; bucket: SiteBucket }> {
  const free = await SiteBucket.create(store);
  const { syncOn: _free, ...pluginConfig } = free.config();
  const site = await startStrapi({ pluginConfig });
  const settings = { ...NO_TIMERS, syncOn: { coalesceSeconds: COALESCE_SECONDS } };
  await site.admin.put('/s3-sync/settings').send(settings).expect(200);
  await endOfStart(site);
  return { app: site, bucket: free };
}

const readActivity = () => servicesOf(app.strapi).activity.read();

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

const save = (settings: object) => app.admin.put('/s3-sync/settings').send(settings).expect(200);

/** Does what comes in many steps, with a time to gather in that is long for each of them on a busy machine too. */
async function whileMuchGathers(act: () => Promise<unknown>): Promise<void> {
  await save({ syncOn: { coalesceSeconds: 1 } });
  await act();
  await untilQuiet(app);
  await save({ syncOn: { coalesceSeconds: COALESCE_SECONDS } });
}

describe('settings of automatic syncs count at once [in-project]', () => {
  const createArticle = () => app.strapi.documents(UID).create({ data: { title: 'New' } });
  const untilRun = (ended: number) => waitUntil('a run', async () => (countEndedRuns(app) > ended ? true : undefined));

  test('content types that are left out', async () => {
    await save({ syncOn: { excludedContentTypes: [UID], coalesceSeconds: COALESCE_SECONDS } });
    const before = readActivity();
    await createArticle();
    await pause(3 * COALESCE_MS);
    expect(readActivity().skipped.excluded).toBe(before.skipped.excluded + 1);
    expect(readActivity().runs).toEqual(before.runs);

    const ended = countEndedRuns(app);
    await save({ syncOn: { excludedContentTypes: [], coalesceSeconds: COALESCE_SECONDS } });
    await createArticle();
    await untilRun(ended);
  });

  test('off and on', async () => {
    await save({ syncOn: { enabled: false, coalesceSeconds: COALESCE_SECONDS } });
    const before = readActivity();
    await createArticle();
    await app.admin
      .post('/upload')
      .attach('files', makePng(10, 10, 1), 'off.png')
      .expect(201);
    await pause(3 * COALESCE_MS);
    expect(readActivity().skipped.off).toBe(before.skipped.off + 2);
    expect(readActivity().runs).toEqual(before.runs);

    await save({ syncOn: { enabled: true, coalesceSeconds: COALESCE_SECONDS } });
    await createArticle();
    await bucket.waitUntilInStep(app.publicDir);
  });

  test('the time in which changes gather', async () => {
    await untilQuiet(app);
    await save({ syncOn: { coalesceSeconds: 1.5 } });
    const ended = countEndedRuns(app);
    const begun = Date.now();
    await createArticle();
    await untilRun(ended);
    expect(Date.now() - begun).toBeGreaterThan(1_400);
    await save({ syncOn: { coalesceSeconds: COALESCE_SECONDS } });
  });

  test('the rule for whole runs', async () => {
    await untilQuiet(app);
    const { cron = 0 } = readActivity().runs;
    await save({ reconcileCron: '* * * * * *' });
    await waitUntil('a run by the rule', async () => ((readActivity().runs.cron ?? 0) > cron ? true : undefined));
    await save({ reconcileCron: null });
    await untilQuiet(app);
    const { events } = readActivity();
    await pause(1_500);
    expect(readActivity().events).toEqual(events);
  });

  test('scans: a file that another process wrote is found, and looks that find nothing leave no trace', async () => {
    await untilQuiet(app);
    const history = (await listRuns(app)).length;
    store.server.clearRequests();
    await save({ scanEvery: 10 });
    const quiet = await waitUntil('a scan', async () => readActivity().runs.scan);
    await waitUntil('its end', async () => (servicesOf(app.strapi).runner.current() ? undefined : true));
    expect(quiet).toBe(1);
    expect(await listRuns(app)).toHaveLength(history);
    expect(store.server.requests()).toEqual([]);

    const file = path.join(app.publicDir, 'uploads', 'by-sftp.txt');
    execFileSync(process.execPath, ['-e', `require('fs').writeFileSync(${JSON.stringify(file)}, 'from elsewhere')`]);
    expect(await bucket.waitUntilInStep(app.publicDir)).toContain('uploads/by-sftp.txt');
    const last = await waitUntil('the end of the scan', async () => {
      const [newest] = await listRuns(app);
      return newest?.status === 'running' ? undefined : newest;
    });
    expect(last).toMatchObject({ trigger: 'scan', status: 'done', uploaded: 1, events: 2, quietRuns: 1 });
    await save({ scanEvery: 0 });
  });

  test('and the status says what was asked and what came of it', async () => {
    await untilQuiet(app);
    const answer = await app.admin.get('/s3-sync/status').expect(200);
    const { activity } = z.object({ activity: z.unknown() }).parse(answer.body);
    const counts = readActivity();
    expect(activity).toEqual(counts);
    expect(sum(counts.runs)).toBe(sum(counts.events) - sum(counts.skipped) + counts.retries);
    expect(sum(counts.outcomes)).toBe(sum(counts.runs));
  });
});

const rowsAnswer = z.array(z.object({ id: z.number() }));

/** @returns the key of the file. */
async function uploadText(name: string): Promise<string> {
  const answer = await app.admin.post('/upload').attach('files', Buffer.from(name), name).expect(201);
  const [file] = z.array(z.object({ hash: z.string(), ext: z.string() })).parse(answer.body);
  return `uploads/${file?.hash ?? ''}${file?.ext ?? ''}`;
}

describe('storms [in-project]', () => {
  test('a thousand saves: one run at a time, few in all, no request, no entry in the history', async () => {
    await untilQuiet(app);
    const before = readActivity();
    const history = (await listRuns(app)).length;
    store.server.clearRequests();
    const begunAt = Date.now();
    for (let index = 0; index < 100; index += 1) {
      await Promise.all(
        Array.from({ length: 10 }, (_, offset) =>
          app.strapi.db.query(UID).create({ data: { title: `Save ${index} ${offset}` } }),
        ),
      );
    }
    const savedAt = Date.now();
    const atEnd = readActivity();
    await untilQuiet(app);
    const after = readActivity();
    expect((after.events.content ?? 0) - (before.events.content ?? 0)).toBe(1_000);
    const runs = sum(after.runs) - sum(before.runs);
    expect(runs).toBeGreaterThan(0);
    // One for each time in which they gather, and the last ones.
    expect(runs).toBeLessThanOrEqual((savedAt - begunAt) / COALESCE_MS + 2);
    expect(after.skipped.coalesced - before.skipped.coalesced).toBe(1_000 - runs);
    // The one that goes on, and one that follows.
    expect(sum(after.runs) - sum(atEnd.runs)).toBeLessThanOrEqual(2);
    expect(Date.now() - savedAt).toBeLessThan(10_000);
    expect(store.server.requests()).toEqual([]);
    expect(await listRuns(app)).toHaveLength(history);
  });

  test('five hundred files deleted in bulk: deletes by name need no confirmation, and few requests', async () => {
    await untilQuiet(app);
    const data = Array.from({ length: 500 }, (_, index) => {
      const hash = `many_${index}`;
      writeFileSync(path.join(app.publicDir, 'uploads', `${hash}.txt`), `file ${index}`);
      const url = `/uploads/${hash}.txt`;
      return { name: hash, hash, ext: '.txt', mime: 'text/plain', size: 1, url, provider: 'local', folderPath: '/' };
    });
    for (let at = 0; at < data.length; at += 50) {
      await app.strapi.db.query(FILE_UID).createMany({ data: data.slice(at, at + 50) });
    }
    expect((await syncNow(app)).status).toBe('done');
    await bucket.waitUntilInStep(app.publicDir);
    const rows = await app.strapi.db.query(FILE_UID).findMany({ where: { hash: { $startsWith: 'many_' } } });
    const fileIds = z
      .array(z.object({ id: z.number() }))
      .parse(rows)
      .map(({ id }) => id);
    expect(fileIds).toHaveLength(500);

    await untilQuiet(app);
    store.server.clearRequests();
    await whileMuchGathers(() => app.admin.post('/upload/actions/bulk-delete').send({ fileIds }).expect(200));
    expect(Object.keys(await bucket.objects()).filter((key) => key.includes('many_'))).toEqual([]);
    const requests = store.server.requests().map(({ operation }) => operation);
    expect(new Set(requests)).toEqual(new Set(['DeleteObjects', 'ListObjectsV2']));
    expect(requests.filter((operation) => operation === 'DeleteObjects').length).toBeLessThan(30);
    const statuses = (await listRuns(app)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(['done']));
  });

  test('a deletion that the store refuses is tried again by itself, and nothing else waits for it', async () => {
    await untilQuiet(app);
    const key = await uploadText('refused.txt');
    await bucket.waitUntilInStep(app.publicDir);
    const match = { operation: 'DeleteObjects' } as const;
    store.server.clearRequests();
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match });
    const [row] = rowsAnswer.parse(await app.strapi.db.query(FILE_UID).findMany({ where: { name: 'refused.txt' } }));
    await app.admin.delete(`/upload/files/${row?.id ?? 0}`).expect(200);
    await waitUntil('the refusal', async () => store.server.requests().find(({ status }) => status === 403));
    const other = await uploadText('beside.txt');
    await waitUntil('the other file', async () => ((await bucket.objects())[other] === undefined ? undefined : true));
    expect(await bucket.objects()).toHaveProperty([key]);
    store.server.clearFaults();
    expect(await bucket.waitUntilInStep(app.publicDir)).not.toContain(key);
    await untilQuiet(app);
  });

  test('of many deletions only the one that the store refuses is asked for again', async () => {
    await untilQuiet(app);
    const keys = [await uploadText('many-1.txt'), await uploadText('many-2.txt'), await uploadText('many-3.txt')];
    await bucket.waitUntilInStep(app.publicDir);
    const refused = keys[1] ?? '';
    store.server.fault({ kind: 'key-error', code: 'AccessDenied', match: { key: refused } });
    const rows = await app.strapi.db.query(FILE_UID).findMany({ where: { name: { $startsWith: 'many-' } } });
    const fileIds = rowsAnswer.parse(rows).map(({ id }) => id);
    const start = jest.spyOn(servicesOf(app.strapi).runner, 'start');
    // All three are to be in the first run, however slowly they are deleted.
    await save({ syncOn: { coalesceSeconds: 1 } });
    await app.admin.post('/upload/actions/bulk-delete').send({ fileIds }).expect(200);
    const asked = () =>
      start.mock.calls.flatMap(([{ scope }]) => (scope?.kind === 'keys' ? [[...scope.keys].sort()] : []));
    const twice = await waitUntil('it is asked for again', async () => (asked().length > 1 ? asked() : undefined));
    start.mockRestore();
    store.server.clearFaults();
    await save({ syncOn: { coalesceSeconds: COALESCE_SECONDS } });
    expect(twice.slice(0, 2)).toEqual([[...keys].sort(), [refused]]);
    expect(await bucket.waitUntilInStep(app.publicDir)).not.toContain(refused);
    await untilQuiet(app);
  });

  test('what an editor uploads and deletes does not wait for a run of everything', async () => {
    await untilQuiet(app);
    const slow = path.join(app.publicDir, 'uploads', 'slow.txt');
    writeFileSync(slow, 'of another process');
    store.server.fault({ kind: 'hang', match: { operation: 'PutObject', key: /slow/ } });
    const run = await startNow(app);
    await waitUntil('the slow upload', async () =>
      store.server.requests().some(({ key }) => key === 'uploads/slow.txt') ? true : undefined,
    );
    const key = await uploadText('quick.txt');
    await waitUntil('the file', async () => ((await bucket.objects())[key] === undefined ? undefined : true));
    const [row] = rowsAnswer.parse(await app.strapi.db.query(FILE_UID).findMany({ where: { name: 'quick.txt' } }));
    await app.admin.delete(`/upload/files/${row?.id ?? 0}`).expect(200);
    await waitUntil('its deletion', async () => ((await bucket.objects())[key] === undefined ? true : undefined));

    expect(servicesOf(app.strapi).runner.current()).toMatchObject({ id: run.id, status: 'running' });
    // A run that looks at everything still waits its turn.
    await app.admin.post('/s3-sync/runs').send({}).expect(409);
    store.server.clearFaults();
    await app.admin.post(`/s3-sync/runs/${run.id}/cancel`).send({}).expect(202);
    expect((await endOfRun(app, run.id)).status).toBe('cancelled');
    expect((await syncNow(app)).status).toBe('done');
    await bucket.waitUntilInStep(app.publicDir);
    await untilQuiet(app);
  });

  test('`strapi import` moves uploads/ away and makes a new one: nothing is deleted, and what is new is sent', async () => {
    const uploads = path.join(app.publicDir, 'uploads');
    for (let index = 0; index < 30; index += 1) writeFileSync(path.join(uploads, `old-${index}.txt`), `old ${index}`);
    await syncNow(app);
    const before = await bucket.waitUntilInStep(app.publicDir);
    expect(before.length).toBeGreaterThanOrEqual(30);

    renameSync(uploads, path.join(app.publicDir, `uploads_backup_${Date.now()}`));
    mkdirSync(uploads);
    writeFileSync(path.join(uploads, 'imported.txt'), 'imported');
    await app.strapi.documents(UID).create({ data: { title: 'After the import' } });
    const refused = await waitUntil('a run that is refused', async () =>
      (await listRuns(app)).find(({ status }) => status === 'refused'),
    );
    expect(refused).toMatchObject({ deletedRemote: 0, withheld: before.length, refused: { guard: 'first-run' } });
    await untilQuiet(app);
    expect(Object.keys(await bucket.objects()).toSorted()).toEqual([...before, 'uploads/imported.txt'].toSorted());
  });
});

describe('a database that fails while the server starts [in-project]', () => {
  test('holds the automatic syncs up, and does not end them', async () => {
    await untilQuiet(app);
    const { start = 0 } = readActivity().runs;
    stopTriggers(app.strapi);
    const { runs } = servicesOf(app.strapi);
    const failing = jest.spyOn(runs, 'interruptDead').mockRejectedValueOnce(new Error('the database is locked'));
    startTriggers(app.strapi);
    app.strapi.server.httpServer.emit('listening');
    await waitUntil('the run of the start', async () => ((readActivity().runs.start ?? 0) > start ? true : undefined));
    failing.mockRestore();
    await untilQuiet(app);
  });
});

describe('the trash of a server in SINGLE mode [in-project]', () => {
  test('is rid of what is too old when the server starts', async () => {
    const folder = path.join(app.publicDir, 'uploads', '.s3-sync', 'trash');
    mkdirSync(folder, { recursive: true });
    const daysAgo = (days: number) => Date.now() - days * 24 * 60 * 60 * 1000;
    const [old, young] = [daysAgo(8), daysAgo(6)].map((at) => {
      const id = `${at.toString().padStart(15, '0')}-0123456789ab`;
      writeFileSync(path.join(folder, id), 'kept');
      const record = { key: 'uploads/restored-over.txt', at, size: 4, why: 'overwritten' };
      writeFileSync(path.join(folder, `${id}.json`), JSON.stringify(record));
      return id;
    });
    stopTriggers(app.strapi);
    startTriggers(app.strapi);
    app.strapi.server.httpServer.emit('listening');
    const { trash } = servicesOf(app.strapi);
    const ids = async () => (await trash.list()).map(({ id }) => id);
    await waitUntil('the purge', async () => ((await ids()).includes(old ?? '') ? undefined : true));
    expect(await ids()).toContain(young);
    await untilQuiet(app);
  });
});

describe('a restart [in-project]', () => {
  test('finds what was saved and not yet synced before a kill -9', async () => {
    const other = await SiteBucket.create(store);
    const pluginConfig = other.config({ ...NO_TIMERS, syncOn: { coalesceSeconds: 300 } });
    const first = await startStrapiProcess({ plugin: 'built', pluginConfig });
    // The run of the start waits for 300 s, too.
    await syncNow(first);
    await first.admin
      .post('/upload')
      .attach('files', makePng(1_200, 600, 3), 'dirty.png')
      .expect(201);
    expect(Object.keys(localFiles(first.publicDir))).toHaveLength(5);
    await first.kill();
    expect(await other.objects()).toEqual({});

    const { appDir, databaseFile } = first;
    const second = await startStrapiProcess({ plugin: 'built', pluginConfig: other.config(), appDir, databaseFile });
    try {
      expect(await other.waitUntilInStep(second.publicDir)).toHaveLength(5);
    } finally {
      await second.stop();
      rmSync(appDir, { recursive: true, force: true });
    }
  });
});
