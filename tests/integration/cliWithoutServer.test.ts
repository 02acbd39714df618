import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandLine, type CommandOptions } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import { localFiles, SiteBucket } from '../support/SiteBucket';
import { REALEST_STORE, startRealestStore, type Store } from '../support/stores';
import { TcpProxy } from '../support/TcpProxy';
import { type TestApp, writeTestApp } from '../support/testApp';

let store: Store;
let closeStore: () => Promise<void>;
let proxy: TcpProxy;
let app: AppWithPlugin;
let made: TestApp;
let bucket: SiteBucket;
let cli: CommandLine;
let temporary: string;

beforeAll(async () => {
  ({ store, close: closeStore } = await startRealestStore());
  proxy = await TcpProxy.start(store.endpoint);
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  const { tarball } = await packPlugin(temporary);
  bucket = await SiteBucket.create(store);
  app = await appWithPlugin('tarball', tarball);
  const pluginConfig = { ...bucket.connection(), endpoint: proxy.endpoint, concurrency: 1 };
  made = writeTestApp({ ...app.options, pluginConfig });
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

const upload = (name: string): string => path.join(made.publicDir, 'uploads', name);

describe(`The command line without a server [${REALEST_STORE}]`, () => {
  test('init asks on a terminal for what is missing, and saves it', async () => {
    const asked = await run(['init', '--aws-region=us-east-1'], {
      through: (command) => ['script', ['-qefc', command, '/dev/null']],
      input: `${bucket.name}\nSINGLE\n`,
    });
    expect(asked.stdout).toContain("The bucket's name: ");
    expect(asked.stdout).toContain('The mode, SINGLE (one server) or MULTI (several): ');
    expect(asked.code).toBe(0);
    const { stdout, stderr, code } = await run(['get', 'all', '--json']);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      settings: { bucket_name: { value: bucket.name, source: 'database' }, mode: { value: 'SINGLE' } },
    });
  });

  test('sync loads Strapi, starts nothing else, and prints one document', async () => {
    for (let index = 0; index < 12; index += 1) writeFileSync(upload(`file-${index}.txt`), `content of ${index}`);
    const done = await run(['sync', '--json']);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({ status: 'done', uploaded: 12 });
    expect(await bucket.objects()).toEqual(localFiles(made.publicDir));
    const { stdout } = await run(['runs', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ results: [{ trigger: 'cli', status: 'done' }] });
    expect(existsSync(path.join(temporary, 's3-sync-0'))).toBe(false);
  });

  test('Ctrl-C cancels the run, exit 130', async () => {
    for (let index = 0; index < 30; index += 1) writeFileSync(upload(`more-${index}.txt`), `content of ${index}`);
    proxy.slowDown(200);
    const cancelled = await run(['sync', '--json', '--verbose'], {
      onStderr: (text, child) => {
        if (text.includes('uploads/more-')) child.kill('SIGINT');
      },
    });
    expect(cancelled.code).toBe(130);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ status: 'cancelled' });
  });

  test('a Strapi that does not load is an error with its cause, and one document', async () => {
    const config = path.join(made.appDir, 'config', 'plugins.js');
    cpSync(config, `${config}.kept`);
    const secrets = { 'users-permissions': { config: { jwtSecret: 'secret' } } };
    const write = (entry: object) => {
      writeFileSync(config, `module.exports = ${JSON.stringify({ ...secrets, 's3-sync': entry })};\n`);
    };
    write({ enabled: true, config: { mode: 'SINGEL' } });
    const broken = await run(['get', 'mode', '--json']);
    write({ enabled: false });
    const disabled = await run(['get', 'mode', '--json']);
    cpSync(`${config}.kept`, config);
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
