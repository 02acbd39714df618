import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandLine } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import type { S3Server } from '../support/s3-server/startS3Server';
import { SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapiProcess, type StrapiProcess } from '../support/strapi';

const WRITES_PER_SECOND = 50;
const MOST_AT_ONCE = 20;

let store: Store & { server: S3Server };
let app: AppWithPlugin;
let strapi: StrapiProcess;
let cli: CommandLine;
let temporary: string;

beforeAll(async () => {
  store = await startInProjectStore();
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  const { tarball } = await packPlugin(temporary);
  const bucket = await SiteBucket.create(store);
  app = await appWithPlugin('tarball', tarball);
  strapi = await startStrapiProcess({ ...app.options, pluginConfig: bucket.config() });
  cli = new CommandLine(strapi.appDir);
});
afterAll(async () => {
  await strapi.stop({ keepApp: true });
  app.remove();
  await store.server.close();
  rmSync(temporary, { recursive: true, force: true });
});

describe('The command line beside a busy server on SQLite [in-project]', () => {
  test('20 syncs and 50 settings make not one of its requests fail', async () => {
    const statuses: number[] = [];
    const requests: Promise<void>[] = [];
    const write = async (count: number): Promise<void> => {
      const body = { title: `Title ${count}` };
      const answer = await strapi.admin
        .post('/content-manager/collection-types/api::article.article')
        .send(body)
        .catch(() => ({ status: 0 }));
      statuses.push(answer.status);
    };
    // A machine that is too slow for this rate gets as many as it can answer.
    const timer = setInterval(() => {
      if (requests.length - statuses.length < MOST_AT_ONCE) requests.push(write(requests.length));
    }, 1000 / WRITES_PER_SECOND);

    const begun = performance.now();
    for (let index = 0; index < 50; index += 1) {
      expect(await cli.run(['set', 'trash_days', String(index + 1)])).toMatchObject({ code: 0 });
      if (index % 5 < 2) expect(await cli.run(['sync', '--wait'])).toMatchObject({ code: 0 });
    }
    clearInterval(timer);
    await Promise.all(requests);
    const rate = (1000 * statuses.length) / (performance.now() - begun);
    process.stderr.write(`The server answered ${statuses.length} writes, ${rate.toFixed(1)} a second.\n`);
    expect(statuses.length).toBeGreaterThan(200);
    expect(statuses.filter((status) => status !== 201)).toEqual([]);
    expect(await cli.run(['get', 'trash_days'])).toMatchObject({ stdout: '50\n' });
  }, 300_000);
});
