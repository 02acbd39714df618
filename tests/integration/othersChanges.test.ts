import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { servicesOf } from '../../server/src/services';
import { endOfStart, listRuns } from '../support/runs';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { pause, waitUntil } from '../support/waitUntil';

/** How long another server's change may take, in ms. */
const WITHIN_MS = 3_000;

describe('a server in MULTI mode and what others change [in-project]', () => {
  let store: Store & { server: S3Server };
  let bucket: SiteBucket;
  let app: StartedStrapi;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucket = await SiteBucket.create(store);
    await bucket.put('uploads/missed.txt', 'put while this server was away');
    store.server.fault({
      kind: 'status',
      status: 403,
      code: 'AccessDenied',
      match: { operation: 'ListObjectsV2' },
    });
    // Neither a scan nor the regular comparison comes to help.
    app = await startStrapi({ pluginConfig: bucket.config({ ...NO_TIMERS, mode: 'MULTI' }) });
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
  });

  const isHere = (key: string) => existsSync(path.join(app.publicDir, key));

  test('what was missed while the store refused is found when it does not any more', async () => {
    expect(await endOfStart(app)).toMatchObject({ status: 'failed', error: { code: 'ACCESS_DENIED' } });
    expect(isHere('uploads/missed.txt')).toBe(false);
    store.server.clearFaults();
    await waitUntil('the missed file', async () => (isHere('uploads/missed.txt') ? true : undefined), 60_000);
    await waitUntil('the end of the run', async () => ((await listRuns(app))[0]?.status === 'done' ? true : undefined));
  });

  test('a small file that another server put is here within 3 s', async () => {
    const measure = async (key: string): Promise<number> => {
      await bucket.put(key, key);
      const md5 = createHash('md5').update(key).digest('hex');
      const toldAt = Date.now();
      await servicesOf(app.strapi).feed.append([{ key, action: 'put', md5, byName: true }], 'another-directory');
      await waitUntil(key, async () => (isHere(key) ? true : undefined));
      return Date.now() - toldAt;
    };
    // Other work on the machine may delay one of them, but not all.
    const took: number[] = [];
    for (let attempt = 0; attempt < 5 && !took.some((ms) => ms < WITHIN_MS); attempt += 1) {
      took.push(await measure(`uploads/told-${attempt}.txt`));
      await pause(500);
    }
    expect(Math.min(...took)).toBeLessThan(WITHIN_MS);
  });
});
