import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { errorAnswer, settingsAnswer } from '../support/adminAnswers';
import { startStrapi, startStrapiProcess, type StartedStrapi } from '../support/strapi';
import { pause, waitUntil } from '../support/waitUntil';

const secrets = {
  accessKeyId: 'AKIAFORTESTSONLY',
  secretAccessKey: 'a-secret-for-tests',
  sessionToken: 'a-token-for-tests',
};

describe('settings', () => {
  let app: StartedStrapi;
  beforeAll(async () => {
    app = await startStrapi({
      graphql: true,
      pluginConfig: { endpoint: 'http://127.0.0.1:1', forcePathStyle: true, prefix: '', ...secrets },
    });
  });
  afterAll(() => app.stop());

  const read = async () => settingsAnswer.parse((await app.admin.get('/s3-sync/settings').expect(200)).body);

  test('are empty at first, and say what is missing', async () => {
    const answer = await read();
    expect(answer.problems.map(({ code }) => code)).toEqual(['BUCKET_MISSING', 'REGION_MISSING', 'MODE_MISSING']);
    expect(answer.locked).toEqual(['endpoint', 'forcePathStyle']);
    expect(answer.credentials).toBe('config');
    await app.admin.post('/s3-sync/runs').send({}).expect(400);
    const lines = await waitUntil(
      'the line in the log',
      async () => app.logs().match(/\[s3-sync\] Nothing is synced: .*/g) ?? undefined,
    );
    expect(lines).toHaveLength(1);
  });

  test.each([
    ['bucketName', { bucketName: 's3://my-bucket' }, 'Did you mean my-bucket?'],
    ['awsRegion', { awsRegion: 'US-WEST-2' }, 'Did you mean us-west-2?'],
    ['mode', { mode: 'MUTLI' }, 'Did you mean MULTI?'],
    ['prefix', { prefix: '../other' }, 'folder names'],
    ['directory', { directory: '/etc' }, 'public directory'],
    ['directory', { directory: 'public/missing' }, 'no such folder'],
    ['stateDirectory', { stateDirectory: 'public/uploads/state' }, '.s3-sync'],
    ['include.0', { include: ['../x'] }, 'folder names'],
    ['exclude.0', { exclude: ['a\\b'] }, 'backslash'],
    ['syncOn.coalesceSeconds', { syncOn: { coalesceSeconds: -1 } }, 'number of seconds'],
    ['scanEvery', { scanEvery: 1 }, '10 to 86400'],
    ['reconcileCron', { reconcileCron: 'soon' }, 'cron expression'],
    ['maxDelete.files', { maxDelete: { files: -1 } }, 'whole number'],
    ['cacheControl', { cacheControl: 'a\nb' }, 'ASCII'],
    ['storageClass', { storageClass: 'cold' }, 'upper case'],
    ['serverSideEncryption', { serverSideEncryption: 'rot13' }, 'one of'],
    ['kmsKeyId', { kmsKeyId: 'key' }, 'aws:kms'],
    ['acl', { acl: 'public-read-write' }, 'one of'],
    ['publicBaseUrl', { publicBaseUrl: 'cdn' }, 'full address'],
    ['siteUrls.0', { siteUrls: ['x'] }, 'full address'],
    ['trashDays', { trashDays: 'a' }, 'whole number'],
    ['concurrency', { concurrency: 1000 }, 'whole number'],
    ['bucket_name', { bucket_name: 'x' }, 'Did you mean bucketName?'],
    ['endpoint', { endpoint: 'https://other.example.com' }, 'config/plugins'],
    ['secretAccessKey', { secretAccessKey: 'typed-by-mistake' }, 'config/plugins'],
    ['accessKeyId', { accessKeyId: 'typed-by-mistake' }, 'config/plugins'],
  ])('refuse a bad %s and keep nothing', async (setting, bad, message) => {
    const before = await read();
    const answer = await app.admin.put('/s3-sync/settings').send({ trashDays: 9, concurrency: 4, ...bad });
    expect(answer.status).toBe(400);
    const { error } = errorAnswer.parse(answer.body);
    expect(error).toMatchObject({ status: 400, name: 'ValidationError' });
    expect(error.details.errors).toEqual([
      expect.objectContaining({
        path: setting.split('.'),
        message: expect.stringContaining(message),
        name: 'ValidationError',
      }),
    ]);
    expect(JSON.stringify(answer.body)).not.toContain('typed-by-mistake');
    expect(await read()).toEqual(before);
  });

  test.each(['[1]', '"text"', '3', 'null', '{"broken":', ''])(
    'answer 400, or change nothing, for the body %s',
    async (body) => {
      const before = await read();
      const answer = await app.admin.put('/s3-sync/settings').set('Content-Type', 'application/json').send(body);
      expect([200, 400]).toContain(answer.status);
      expect(await read()).toEqual(before);
    },
  );

  test('take what is sent as it was read, locked values included, and keep only what differs', async () => {
    const answer = await app.admin.put('/s3-sync/settings').send((await read()).settings);
    expect(answer.status).toBe(200);
    const stored = await app.strapi.store({ type: 'plugin', name: 's3-sync', key: 'settings' }).get();
    expect(stored).toEqual({});
  });

  test('are kept, normalized, merged one by one, and go back to the default on null', async () => {
    await app.admin.put('/s3-sync/settings').send({ bucketName: 'my-bucket', prefix: 'site' }).expect(200);
    await app.admin.put('/s3-sync/settings').send({ awsRegion: 'us-east-1', mode: 'MULTI' }).expect(200);
    expect((await read()).settings).toMatchObject({ bucketName: 'my-bucket', prefix: 'site/', mode: 'MULTI' });
    expect((await read()).problems.map(({ code }) => code)).toEqual([]);
    await app.admin.put('/s3-sync/settings').send({ bucketName: null, prefix: '', mode: null }).expect(200);
    expect((await read()).settings).toMatchObject({ awsRegion: 'us-east-1', prefix: '' });
    expect((await read()).problems.map(({ code }) => code)).toEqual(['BUCKET_MISSING', 'MODE_MISSING']);
  });

  test('sync the whole of a folder in uploads by default', async () => {
    mkdirSync(path.join(app.publicDir, 'uploads', 'part'), { recursive: true });
    const directory = path.join(app.publicDir, 'uploads', 'part');
    await app.admin.put('/s3-sync/settings').send({ directory }).expect(200);
    expect((await read()).settings.include).toEqual(['**']);
    await app.admin.put('/s3-sync/settings').send({ directory: null }).expect(200);
    expect((await read()).settings.include).toEqual(['uploads/**']);
  });

  test('say when the directory has gone', async () => {
    const directory = path.join(app.publicDir, 'uploads', 'going');
    mkdirSync(directory);
    await app.admin.put('/s3-sync/settings').send({ directory }).expect(200);
    rmSync(directory, { recursive: true });
    expect((await read()).problems.map(({ code }) => code)).toContain('DIRECTORY_MISSING');
    await app.admin.put('/s3-sync/settings').send({ directory: null }).expect(200);
  });

  test('schedule the regular run, and take it out', async () => {
    const jobs = z.array(z.object({ name: z.string().nullable(), options: z.unknown() }));
    const rules = () =>
      jobs.parse(app.strapi.cron.jobs).flatMap(({ name, options }) => (name === 's3-sync:reconcile' ? [options] : []));
    expect(rules()).toEqual([{ rule: expect.stringMatching(/^\d+ \d-23\/6 \* \* \*$/) }]);
    await app.admin.put('/s3-sync/settings').send({ reconcileCron: '5 4 * * *' }).expect(200);
    expect(rules()).toEqual([{ rule: '5 4 * * *' }]);
    await app.admin.put('/s3-sync/settings').send({ reconcileCron: null }).expect(200);
    expect(rules()).toEqual([]);
    await app.admin.put('/s3-sync/settings').send({ reconcileCron: '' }).expect(200);
    expect(rules()).toHaveLength(1);
  });

  test('never show a secret, in no answer and no log line', async () => {
    const answers = [
      await app.admin.get('/s3-sync/settings'),
      await app.admin.get('/s3-sync/status'),
      await app.admin.get('/s3-sync/runs'),
      await app.admin.put('/s3-sync/settings').send({ ...secrets }),
    ];
    const everything = JSON.stringify(answers.map(({ text, headers }): unknown => [text, headers])) + app.logs();
    for (const secret of Object.values(secrets)) expect(everything).not.toContain(secret);
  });

  test('and runs are in no list of content types, in no GraphQL schema and no REST route', async () => {
    const types = await app.admin.get('/content-manager/content-types').expect(200);
    expect(types.text).toContain('api::article.article');
    expect(types.text).not.toMatch(/s3-?sync/i);
    const introspection = await app.request.post('/graphql').send({ query: '{ __schema { types { name } } }' });
    expect(introspection.text).toContain('Article');
    expect(introspection.text).not.toMatch(/s3-?sync/i);
    await app.request.get('/api/s3-sync-runs').expect(404);
  });

  test('keep the state folder from being served', async () => {
    const folder = path.join(app.publicDir, 'uploads', '.s3-sync');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'secret.txt'), 'state');
    writeFileSync(path.join(app.publicDir, 'uploads', 'open.txt'), 'open');
    await app.request.get('/uploads/open.txt').expect(200);
    await app.request.get('/uploads/.s3-sync/secret.txt').expect(404);
    await app.request.get('/uploads/%2es3-sync/secret.txt').expect(404);
  });
});

test('values of config/plugins that are wrong keep Strapi from starting, and the error names each', async () => {
  const pluginConfig = { mode: 'MUTLI', bukketName: 'x', secretAccessKey: 'top-secret' };
  const text: unknown = await startStrapiProcess({ plugin: 'built', pluginConfig }).then(
    (app) => app.stop(),
    (error: unknown) => String(error),
  );
  expect(text).toContain('mode: Did you mean MULTI?');
  expect(text).toContain('bukketName: There is no such setting. Did you mean bucketName?');
  expect(text).not.toContain('top-secret');
});

test('where the upload provider is not local nothing is synced, and page and log say why', async () => {
  // Strapi looks a provider up by its name in lower case.
  const folder = mkdtempSync(path.join(tmpdir(), 's3-sync-provider-')).toLowerCase();
  mkdirSync(folder, { recursive: true });
  const provider = path.join(folder, 'index.js');
  writeFileSync(provider, 'module.exports = { init: () => ({ upload() {}, uploadStream() {}, delete() {} }) };');
  const app = await startStrapi({
    plugins: { upload: { config: { provider } } },
    pluginConfig: {
      bucketName: 'my-bucket',
      awsRegion: 'us-east-1',
      mode: 'SINGLE',
      endpoint: 'http://127.0.0.1:1',
      syncOn: { coalesceSeconds: 0.2 },
    },
  });
  try {
    await pause(1_000);
    const answer = settingsAnswer.parse((await app.admin.get('/s3-sync/settings')).body);
    expect(answer.problems.map(({ code }) => code)).toEqual(['PROVIDER_NOT_LOCAL']);
    const started = await app.admin.post('/s3-sync/runs').send({});
    expect(errorAnswer.parse(started.body).error.message).toContain('upload provider');
    expect((await app.admin.get('/s3-sync/runs')).body).toMatchObject({ pagination: { total: 0 } });
    expect(app.logs()).toContain('[s3-sync] Nothing is synced: The upload provider is');
  } finally {
    await app.stop();
    rmSync(folder, { recursive: true });
  }
});
