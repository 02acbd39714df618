import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CommandLine } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import { type TestApp, writeTestApp } from '../support/testApp';

const PAIRS = 9;
const MOST_TIMES = 1.3;

/** Loads the project's Strapi and ends it, as a command without a server has to. */
const emptyLoad = `const { createStrapi } = require('@strapi/strapi');
const dirs = { appDir: process.cwd(), distDir: process.cwd() };
const strapi = createStrapi({ ...dirs, autoReload: false, serveAdminPanel: false });
strapi.load().then(() => strapi.destroy()).then(() => process.exit());
`;

let app: AppWithPlugin;
let made: TestApp;
let cli: CommandLine;
let temporary: string;

beforeAll(async () => {
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  const { tarball } = await packPlugin(temporary);
  app = await appWithPlugin('tarball', tarball);
  made = writeTestApp({ ...app.options });
  cli = new CommandLine(made.appDir);
});
afterAll(() => {
  app.remove();
  rmSync(temporary, { recursive: true, force: true });
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await work();
  return performance.now() - begunAt;
}

async function loadOnly(): Promise<void> {
  const env = { ...process.env, ...app.options.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' };
  await promisify(execFile)(process.execPath, ['--eval', emptyLoad], { cwd: made.appDir, env });
}

async function getAll(): Promise<void> {
  expect(await cli.run(['get', 'all'])).toMatchObject({ code: 0 });
}

describe('The command line without a server', () => {
  test('get all takes at most 1.3 times as long as an empty Strapi in the same project', async () => {
    // The first load makes the tables.
    await loadOnly();
    const ratios: number[] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const [load, get] = [await timed(loadOnly), await timed(getAll)];
      ratios.push(get / load);
    }
    const median = ratios.sort((one, other) => one - other)[Math.floor(PAIRS / 2)];
    process.stderr.write(`get all: ${median?.toFixed(2)} times an empty Strapi\n`);
    expect(median).toBeLessThan(MOST_TIMES);
  }, 300_000);
});
