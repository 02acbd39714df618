import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandLine } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import { repositoryRoot, type TestApp, writeTestApp } from '../support/testApp';

const bucket = { name: 'never-asked' };
let app: AppWithPlugin;
let made: TestApp;
let temporary: string;

beforeAll(async () => {
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  const { tarball } = await packPlugin(temporary);
  app = await appWithPlugin('tarball', tarball);
  made = writeTestApp(app.options);
});
afterAll(() => {
  app.remove();
  rmSync(temporary, { recursive: true, force: true });
});

describe('The command line in a TypeScript project', () => {
  test('compiles it where that is needed, and only then', async () => {
    // A project of its own beside the JavaScript one, with the same packages.
    const root = path.join(path.dirname(made.appDir), 'typescript');
    mkdirSync(path.join(root, 'public', 'uploads'), { recursive: true });
    const playground = path.join(repositoryRoot, 'playground');
    for (const name of ['src', 'database', 'config/middlewares.ts', 'tsconfig.json', 'favicon.png']) {
      cpSync(path.join(playground, name), path.join(root, name), { recursive: true });
    }
    cpSync(path.join(made.appDir, 'package.json'), path.join(root, 'package.json'));
    cpSync(path.join(made.appDir, 'node_modules'), path.join(root, 'node_modules'), { recursive: true });
    const secrets = JSON.stringify({
      auth: { secret: 'a' },
      apiToken: { salt: 'b' },
      transfer: { token: { salt: 'c' } },
    });
    const settings = { bucketName: bucket.name, awsRegion: 'us-east-1', mode: 'MULTI' };
    const files = {
      admin: secrets,
      api: '{}',
      plugins: JSON.stringify({
        'users-permissions': { config: { jwtSecret: 'd' } },
        's3-sync': { enabled: true, config: settings },
      }),
      server: JSON.stringify({ host: '127.0.0.1', port: 0, app: { keys: ['e'] } }),
      database:
        "{ connection: { client: 'sqlite', connection: { filename: `${process.cwd()}/data.db` }, useNullAsDefault: true } }",
    };
    for (const [name, content] of Object.entries(files)) {
      writeFileSync(path.join(root, 'config', `${name}.ts`), `export default ${content};\n`);
    }
    const typescript = new CommandLine(root);
    const options = { env: { TMPDIR: temporary }, cwd: path.join(root, 'src', 'api') };
    const build = path.join(root, 'dist', 'tsconfig.tsbuildinfo');

    const first = await typescript.run(['get', 'mode'], options);
    expect(first.stderr).toBe('');
    expect(first).toMatchObject({ code: 0, stdout: 'MULTI\n' });
    const builtAt = statSync(build).mtimeMs;
    expect(await typescript.run(['get', 'mode'], options)).toMatchObject({ code: 0, stdout: 'MULTI\n' });
    expect(statSync(build).mtimeMs).toBe(builtAt);

    const changed = files.plugins.replace('MULTI', 'SINGLE');
    writeFileSync(path.join(root, 'config', 'plugins.ts'), `export default ${changed};\n`);
    expect(await typescript.run(['get', 'mode'], options)).toMatchObject({ code: 0, stdout: 'SINGLE\n' });

    writeFileSync(path.join(root, 'config', 'api.ts'), "export default 'x' as number;\n");
    const broken = await typescript.run(['get', 'mode', '--json'], options);
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout)).toMatchObject({ error: { code: 'STRAPI_FAILED' } });
    expect(broken.stderr).toContain('config/api.ts');
  });
});
