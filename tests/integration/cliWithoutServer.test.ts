import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { CommandLine, type CommandOptions, whenSaid } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import { localFiles, SiteBucket } from '../support/SiteBucket';
import { REALEST_STORE, startRealestStore, type Store } from '../support/stores';
import { TcpProxy } from '../support/TcpProxy';
import { type TestApp, writeTestApp } from '../support/testApp';
import { waitUntil } from '../support/waitUntil';

let store: Store;
let closeStore: () => Promise<void>;
let proxy: TcpProxy;
let app: AppWithPlugin;
let made: TestApp;
let bucket: SiteBucket;
let cli: CommandLine;
let temporary: string;
let pluginConfig: object;

beforeAll(async () => {
  ({ store, close: closeStore } = await startRealestStore());
  proxy = await TcpProxy.start(store.endpoint);
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  const { tarball } = await packPlugin(temporary);
  bucket = await SiteBucket.create(store);
  app = await appWithPlugin('unpacked', tarball);
  const { accessKeyId, secretAccessKey } = store.credentials;
  const given = { accessKeyId, secretAccessKey, concurrency: 1 };
  pluginConfig = given;
  made = writeTestApp({ ...app.options, pluginConfig: given });
  cli = new CommandLine(made.appDir);
});
afterAll(async () => {
  app.remove();
  await proxy.close();
  await closeStore();
  rmSync(temporary, { recursive: true, force: true });
});
afterEach(() => {
  proxy.mend();
});

const run = (args: string[], options: CommandOptions = {}) => cli.run(args, { env: { TMPDIR: temporary }, ...options });

/** Writes another entry of the plugin to config/plugins; returns what puts the app's own back. */
function configure(entry: object): () => void {
  const config = path.join(made.appDir, 'config', 'plugins.js');
  const own = readFileSync(config);
  const plugins = { 'users-permissions': { config: { jwtSecret: 'secret' } }, 's3-sync': entry };
  writeFileSync(config, `module.exports = ${JSON.stringify(plugins)};\n`);
  return () => {
    writeFileSync(config, own);
  };
}

const upload = (name: string): string => path.join(made.publicDir, 'uploads', name);

describe(`The command line without a server [${REALEST_STORE}]`, () => {
  test('init asks on a terminal for what is missing, and saves it', async () => {
    const asked = await run(['init', '--aws-region=us-east-1', `--endpoint=${proxy.endpoint}`, '--force-path-style'], {
      through: (command) => ['script', ['-qefc', command, '/dev/null']],
      input: `${bucket.name}\nSINGLE\n`,
    });
    expect(asked.stdout).toContain("The bucket's name: ");
    expect(asked.stdout).toContain('The mode, SINGLE (one server) or MULTI (several): ');
    expect(asked.code).toBe(0);
  });

  test('init sets a prefix too, and keeps what was saved before', async () => {
    const made = ['init', `--bucket-name=${bucket.name}`, '--aws-region=us-east-1', '--mode=SINGLE', '--prefix=site'];
    const done = await run([...made, '--json']);
    expect(done.code).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ settings: { prefix: { value: 'site/', source: 'database' } } });
    const { stdout, stderr, code } = await run(['get', 'all', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      settings: {
        bucket_name: { value: bucket.name, source: 'database' },
        mode: { value: 'SINGLE' },
        endpoint: { value: proxy.endpoint, source: 'database' },
        force_path_style: { value: true, source: 'database' },
        prefix: { value: 'site/', source: 'database' },
      },
    });
    expect(await run(['set', 'prefix', ''])).toMatchObject({ code: 0, stdout: 'prefix =\n' });
  });

  test('set saves one setting, and refuses what is wrong', async () => {
    expect(await run(['set', 'trash_days', '9'])).toMatchObject({ code: 0, stdout: 'trash_days = 9\n' });
    expect(await run(['get', 'trash_days'])).toMatchObject({ code: 0, stdout: '9\n' });
    const refused = await run(['set', 'mode', 'single', '--json']);
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'SETTINGS_INVALID' } });
  });

  test('test and policy work', async () => {
    const tried = await run(['test', '--json']);
    expect(tried.code).toBe(0);
    expect(JSON.parse(tried.stdout)).toMatchObject({ ok: true });
    const policy = await run(['policy']);
    expect(policy.code).toBe(0);
    expect(JSON.parse(policy.stdout)).toMatchObject({ Statement: [{ Resource: `arn:aws:s3:::${bucket.name}` }, {}] });
  });

  test('sync loads Strapi, starts nothing else, and prints one document', async () => {
    for (let index = 0; index < 12; index += 1) writeFileSync(upload(`file-${index}.txt`), `content of ${index}`);
    const done = await run(['sync', '--json']);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({ status: 'done', uploaded: 12 });
    expect(await bucket.objects()).toEqual(localFiles(made.publicDir));
    expect(existsSync(path.join(temporary, `s3-sync-${String(process.geteuid?.())}`))).toBe(false);
  });

  test('works for a user without an entry in the list of users', async () => {
    // As Node does for `docker --user 1001`.
    const preload = path.join(temporary, 'nobody.cjs');
    writeFileSync(preload, "require('node:os').userInfo = () => { throw new Error('uv_os_get_passwd: ENOENT'); };\n");
    const env = { TMPDIR: temporary, NODE_OPTIONS: `--require ${preload}`, USER: 'somebody' };
    const done = await run(['sync', '--json'], { env });
    expect([done.code, done.stderr]).toEqual([0, '']);
    const { stdout } = await run(['runs', '--json']);
    const own = { trigger: 'cli', status: 'done' };
    expect(JSON.parse(stdout)).toMatchObject({ results: [{ ...own, startedBy: 'somebody' }, own] });
  });

  test('status says that no server runs, and how the last run ended', async () => {
    const { code, stdout } = await run(['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^State +in step/m);
    expect(stdout).toMatch(/^Server +not running on this machine$/m);
    expect(stdout).toMatch(/^Last run +\S+ Done \(run \d+, .*12 unchanged/m);
  });

  test('restore brings back what is missing here', async () => {
    rmSync(upload('file-3.txt'));
    const restored = await run(['restore', '--json']);
    expect(restored.code).toBe(0);
    expect(JSON.parse(restored.stdout)).toMatchObject({ status: 'done', downloaded: 1, uploaded: 0 });
    expect(readFileSync(upload('file-3.txt'), 'utf8')).toBe('content of 3');
  });

  test('trash list and trash restore work', async () => {
    const id = '001700000000000-0123456789ab';
    const folder = path.join(made.publicDir, 'uploads', '.s3-sync', 'trash');
    mkdirSync(folder, { mode: 0o700, recursive: true });
    writeFileSync(path.join(folder, id), 'from the trash');
    const record = { key: 'uploads/back.txt', at: Date.now(), size: 14, why: 'deleted' };
    writeFileSync(path.join(folder, `${id}.json`), JSON.stringify(record));
    expect((await run(['trash', 'list'])).stdout).toContain('uploads/back.txt');
    expect(await run(['trash', 'restore', id])).toMatchObject({ code: 0, stdout: 'uploads/back.txt is back.\n' });
    expect(readFileSync(upload('back.txt'), 'utf8')).toBe('from the trash');
  });

  test('a second command names the run of the first one and exits 1; with --wait it waits for its turn', async () => {
    for (let index = 0; index < 40; index += 1) writeFileSync(upload(`two-${index}.txt`), `content of ${index}`);
    proxy.slowDown(50);
    let isHeld = false;
    const first = run(['sync', '--json', '--verbose'], {
      // It goes on until the others have met it.
      onStderr: whenSaid(/uploads\/two-/, () => {
        proxy.hold();
        isHeld = true;
      }),
    });
    await waitUntil('the first run', async () => (isHeld ? true : undefined));
    let isWaiting = false;
    const third = run(['sync', '--json', '--wait'], { onStderr: whenSaid(/Waiting\./, () => (isWaiting = true)) });
    const second = await run(['sync', '--json']);
    await waitUntil('the third one waits', async () => (isWaiting ? true : undefined));
    proxy.mend();
    const done = await first;
    const id = /Run (\d+) started/.exec(done.stderr)?.[1];
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: 'BUSY' } });
    expect(second.stderr).toContain(`It is run ${id} (cli), started by `);
    expect(JSON.parse(done.stdout)).toMatchObject({ status: 'done', id: Number(id) });
    const { stdout, stderr } = await third;
    expect(stderr).toContain('Waiting. Another process');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'done', uploaded: 0 });
  });

  test('those who are told of a failed run are waited for', async () => {
    const index = path.join(made.appDir, 'src', 'index.js');
    const told = path.join(temporary, 'told');
    let answered = 0;
    const receiver = createServer((_request, response) => {
      setTimeout(() => {
        response.end(() => (answered += 1));
      }, 1_000);
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(receiver.address());
    cpSync(index, `${index}.kept`);
    writeFileSync(index, listeningApp(told, `http://127.0.0.1:${port}/`));
    const putBack = configure({ enabled: true, config: { ...pluginConfig, bucketName: 's3-sync-test-not-there' } });
    const failed = await run(['sync', '--json']);
    putBack();
    cpSync(`${index}.kept`, index);
    receiver.closeAllConnections();
    receiver.close();
    expect(failed.code).toBe(1);
    const { id } = z.object({ id: z.number() }).parse(JSON.parse(failed.stdout));
    expect(readFileSync(told, 'utf8')).toBe(String(id));
    expect(answered).toBe(1);
  });

  test('Ctrl-C cancels the run, exit 130', async () => {
    for (let index = 0; index < 30; index += 1) writeFileSync(upload(`more-${index}.txt`), `content of ${index}`);
    proxy.slowDown(200);
    const cancelled = await run(['sync', '--json', '--verbose'], {
      onStderr: whenSaid(/uploads\/more-/, (child) => child.kill('SIGINT')),
    });
    expect(cancelled.code).toBe(130);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ status: 'cancelled' });
  });

  test('a Strapi that does not load is an error with its cause, and one document', async () => {
    const putBack = configure({ enabled: true, config: { mode: 'SINGEL' } });
    const broken = await run(['get', 'mode', '--json']);
    putBack();
    configure({ enabled: false });
    const disabled = await run(['get', 'mode', '--json']);
    putBack();
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ error: { code: 'STRAPI_FAILED' } });
    expect(broken.stderr).toContain('Did you mean SINGLE?');
    expect(disabled.code).toBe(1);
    expect(JSON.parse(disabled.stdout)).toMatchObject({ error: { code: 'PLUGIN_MISSING' } });
  });

  test('a project without its packages is an error that says so', async () => {
    const folder = mkdtempSync(path.join(temporary, 'bare-'));
    mkdirSync(path.join(folder, 'config'));
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ dependencies: { '@strapi/strapi': '5.54.0' } }));
    const bare = await run(['get', 'mode', '--json'], { cwd: folder });
    expect(bare.code).toBe(1);
    expect(JSON.parse(bare.stdout)).toMatchObject({ error: { code: 'STRAPI_MISSING' } });
  });
});

/** An app's entry that listens for failed runs, slowly, and has a webhook for them. */
function listeningApp(told: string, url: string): string {
  const webhook = { id: 1, name: 'failed', url, headers: {}, events: ['s3-sync.run.failed'], isEnabled: true };
  return `const { writeFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

module.exports = {
  bootstrap({ strapi }) {
    strapi.eventHub.on('s3-sync.run.failed', async ({ run }) => {
      await sleep(1_000);
      writeFileSync(${JSON.stringify(told)}, String(run.id));
    });
    strapi.get('webhookRunner').add(${JSON.stringify(webhook)});
  },
};
`;
}
