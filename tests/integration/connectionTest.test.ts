import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { errorAnswer, settingsAnswer } from '../support/adminAnswers';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';

const testAnswer = z.strictObject({
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      step: z.string(),
      status: z.string(),
      error: z.strictObject({ code: z.string(), message: z.string(), fix: z.string() }).optional(),
    }),
  ),
  region: z.string().optional(),
  conditions: z.record(z.string(), z.boolean()).optional(),
  versioning: z.string().optional(),
  readableByAnyone: z.boolean().optional(),
});

describe('POST /s3-sync/connection-test', () => {
  let store: Store & { server: S3Server };
  let app: StartedStrapi;
  let bucketName: string;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucketName = await store.createBucket();
    const { accessKeyId, secretAccessKey } = store.credentials;
    app = await startStrapi({ pluginConfig: { forcePathStyle: true, accessKeyId, secretAccessKey } });
  });
  afterEach(() => {
    store.server.clearFaults();
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
  });

  const draft = (more: object = {}) => ({ bucketName, awsRegion: store.region, endpoint: store.endpoint, ...more });
  const tryDraft = async (values: object) => {
    const { body }: { body: unknown } = await app.admin.post('/s3-sync/connection-test').send(values).expect(200);
    expect(JSON.stringify(body)).not.toContain(store.credentials.secretAccessKey);
    return testAnswer.parse(body);
  };

  test('tries values that are not saved, saves none of them and leaves nothing in the bucket', async () => {
    const before: unknown = (await app.admin.get('/s3-sync/settings')).body;
    const found = await tryDraft(draft({ prefix: 'site' }));
    expect(found).toMatchObject({ ok: true, versioning: 'off', readableByAnyone: false });
    expect(found.checks.map(({ step, status }) => `${step} ${status}`)).toEqual([
      'list ok',
      'put ok',
      'get ok',
      'delete ok',
    ]);
    expect(found.conditions).toEqual({ putIfAbsent: true, putIfMatch: true, deleteIfMatch: true });
    expect((await app.admin.get('/s3-sync/settings')).body).toEqual(before);
    const client = store.client();
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucketName }));
    client.destroy();
    expect(KeyCount).toBe(0);
  });

  test('names the region that the bucket is really in', async () => {
    const found = await tryDraft(draft({ awsRegion: 'eu-west-3' }));
    expect(found).toMatchObject({ ok: false, region: store.region });
    expect(found.checks[0]?.error?.code).toBe('WRONG_REGION');
  });

  test.each([
    ['BUCKET_NOT_FOUND', () => draft({ bucketName: 'no-such-bucket-here' })],
    ['STORE_UNREACHABLE', () => draft({ endpoint: 'http://127.0.0.1:1' })],
  ])('says %s', async (code, values) => {
    const found = await tryDraft(values());
    expect(found.ok).toBe(false);
    expect(found.checks[0]?.error?.code).toBe(code);
    expect(found).not.toHaveProperty('versioning');
  });

  test('tells a refused action from the others', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'PutObject' } });
    const found = await tryDraft(draft());
    expect(found.checks.map(({ status }) => status)).toEqual(['ok', 'failed', 'skipped', 'skipped']);
    expect(found.checks[1]?.error?.fix).toContain('s3:PutObject');
  });

  test.each([
    [{ awsRegion: 'us-east-1' }, ['bucketName']],
    [{ bucketName: 'my-bucket' }, ['awsRegion']],
    [{ bucketName: 'Bad_Name', awsRegion: 'us-east-1' }, ['bucketName']],
    [{ forcePathStyle: false }, ['forcePathStyle']],
    [{ secretAccessKey: 'x' }, ['secretAccessKey']],
    [{ nonsense: 1 }, ['nonsense']],
  ])('asks the store nothing where settings are wrong: %j', async (values, paths) => {
    const answer = await app.admin.post('/s3-sync/connection-test').send(values).expect(400);
    const errors = errorAnswer.parse(answer.body).error.details.errors ?? [];
    expect(errors.map(({ path }) => path.join('.'))).toEqual(paths);
  });

  test('says where the credentials come from, and nothing more', async () => {
    await app.admin.get('/s3-sync/credentials').expect(200, { source: 'config' });
    expect(settingsAnswer.parse((await app.admin.get('/s3-sync/settings')).body).credentials).toBe('config');
  });
});
