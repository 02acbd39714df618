import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { testConnection, type ConnectionTest } from '../../server/src/sync/bucket/testConnection';
import { describeEachStore, startInProjectStore } from '../support/stores';
import { listKeys } from '../support/listKeys';

async function tryBucket(settings: BucketSettings): Promise<ConnectionTest> {
  const bucket = openBucket({ ...settings, maxAttempts: 2 });
  try {
    return await testConnection(bucket);
  } finally {
    bucket.close();
  }
}

const statuses = ({ checks }: ConnectionTest) => checks.map(({ step, status }) => `${step} ${status}`);

describeEachStore('The test of the connection', (store) => {
  test('tries all that a sync does, tells which conditions hold, and leaves nothing behind', async () => {
    const bucketName = await store().createBucket();
    const found = await tryBucket(store().settings(bucketName, { prefix: 'site/' }));
    expect(found).toMatchObject({ ok: true, conditions: { putIfAbsent: true } });
    expect(statuses(found)).toEqual(['list ok', 'put ok', 'get ok', 'delete ok']);
    const bucket = openBucket(store().settings(bucketName));
    expect(await listKeys(bucket.list(['']))).toEqual([]);
    bucket.close();
  });

  test('stops at a bucket that is not there', async () => {
    const found = await tryBucket(store().settings('s3-sync-test-not-there'));
    expect(found.ok).toBe(false);
    expect(found.checks[0]).toMatchObject({ step: 'list', status: 'failed', error: { code: 'BUCKET_NOT_FOUND' } });
    expect(statuses(found).slice(1)).toEqual(['put skipped', 'get skipped', 'delete skipped']);
  });

  test('says that the keys are refused, and never shows them', async () => {
    const bucketName = await store().createBucket();
    const credentials = { ...store().credentials, secretAccessKey: 'not-the-right-secret' };
    const found = await tryBucket(store().settings(bucketName, { credentials }));
    expect(found.checks[0]).toMatchObject({ status: 'failed', error: { code: 'CREDENTIALS_REJECTED' } });
    expect(JSON.stringify(found)).not.toContain('not-the-right-secret');
  });
});

describe('The test of the connection [in-project]', () => {
  test.each([
    ['PutObject', ['list ok', 'put failed', 'get skipped', 'delete skipped']],
    ['GetObject', ['list ok', 'put ok', 'get failed', 'delete ok']],
    ['DeleteObjects', ['list ok', 'put ok', 'get ok', 'delete failed']],
    ['ListObjectsV2', ['list failed', 'put ok', 'get ok', 'delete ok']],
  ] as const)('finds that only %s is refused', async (operation, expected) => {
    const store = await startInProjectStore();
    const bucketName = await store.createBucket();
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation } });
    const found = await tryBucket(store.settings(bucketName));
    await store.server.close();
    expect(statuses(found)).toEqual(expected);
    expect(found.ok).toBe(false);
  });
});
