import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import type { S3Server } from '../support/s3-server/startS3Server';
import { repositoryRoot, type TestApp, writeTestApp } from '../support/testApp';

const modules = path.join(repositoryRoot, 'node_modules');

let store: Store & { server: S3Server };
let app: TestApp;
beforeAll(async () => {
  store = await startInProjectStore();
  const bucket = await SiteBucket.create(store);
  // Whatever comes would come at once: the command does not end before it.
  app = writeTestApp({
    plugin: 'built',
    pluginConfig: bucket.config({ syncOn: { coalesceSeconds: 0.1 }, reconcileCron: '* * * * * *' }),
  });
  writeFileSync(path.join(app.publicDir, 'uploads', 'a.txt'), 'waits for a server');
  store.server.clearRequests();
});
afterAll(async () => {
  rmSync(app.appDir, { recursive: true, force: true });
  await store.server.close();
});

/** Runs one of Strapi's commands in the app, as its `strapi` would; returns what it wrote. */
async function strapi(args: readonly string[], input = ''): Promise<string> {
  const child = spawn(process.execPath, [path.join(modules, '@strapi/strapi/bin/strapi.js'), ...args], {
    cwd: app.appDir,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      STRAPI_TELEMETRY_DISABLED: 'true',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: unknown) => {
      output += z.instanceof(Buffer).parse(chunk).toString();
    });
  }
  const exit = once(child, 'exit');
  // The end of its input would end a console.
  if (input === '') child.stdin.end();
  else child.stdin.write(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), 100_000);
  const [code] = await exit;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`strapi ${args.join(' ')} ended with ${String(code)}.\n${output}`);
  return output;
}

describe('commands of Strapi load the plugin and ask the bucket nothing [in-project]', () => {
  afterEach(() => {
    expect(store.server.requests()).toEqual([]);
  });

  test('strapi admin:create-user', async () => {
    const user = ['--email=new@example.com', '--password=Password-1', '--firstname=Eve', '--lastname=Editor'];
    expect(await strapi(['admin:create-user', ...user])).toContain('Successfully created new admin');
  });

  test('strapi console', async () => {
    // Long enough for whatever would begin by itself.
    const script =
      "setTimeout(() => { console.log('loaded: ' + strapi.plugin('s3-sync').service('status').read.name); process.exit(0); }, 2500)\n";
    expect(await strapi(['console'], script)).toContain('loaded: read');
  });

  test('strapi export', async () => {
    const file = path.join(app.appDir, 'exported');
    await strapi(['export', '--no-encrypt', '--no-compress', '--file', file]);
    expect(existsSync(`${file}.tar`)).toBe(true);
    // The plugin's tables are no content: what belongs to this site stays here.
    expect(readFileSync(`${file}.tar`, 'latin1')).not.toContain('plugin::s3-sync.run');
  });

  test('strapi import', async () => {
    const file = path.join(app.appDir, 'exported.tar');
    await strapi(['import', '--force', '--file', file]);
    expect(existsSync(path.join(app.publicDir, 'uploads'))).toBe(true);
  });
});
