import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { appWithPlugin, packPlugin, pluginForms } from '../support/pluginForms';
import { startStrapiProcess } from '../support/strapi';
import { repositoryRoot } from '../support/testApp';

const packageJson = z
  .object({ dependencies: z.record(z.string(), z.string()), peerDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8')));

describe('The package', () => {
  let folder: string;
  let tarball: string;
  let files: string[];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 's3-sync-pack-'));
    ({ tarball, files } = await packPlugin(folder));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('passes strapi-plugin verify', async () => {
    const verify = path.join(repositoryRoot, 'node_modules/@strapi/sdk-plugin/bin/strapi-plugin.js');
    const said = await promisify(execFile)(process.execPath, [verify, 'verify'], { cwd: repositoryRoot });
    expect(said.stdout + said.stderr).toContain('Verified package.json');
  });

  it('holds both entries, their types, the command line and the documents', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'CHANGELOG.md',
        'strapi-admin.js',
        'strapi-server.js',
        'bin/s3-sync.js',
        'dist/cli/index.js',
        'dist/admin/index.js',
        'dist/admin/index.mjs',
        'dist/admin/src/index.d.ts',
        'dist/server/index.js',
        'dist/server/index.mjs',
        'dist/server/src/index.d.ts',
      ]),
    );
  });

  it('holds nothing but the build, the entries and the documents', () => {
    const expected =
      /^(dist\/(admin|server)\/.+\.(js|mjs|d\.ts)|dist\/cli\/index\.js|bin\/s3-sync\.js|strapi-(admin|server)\.js|package\.json|[A-Z]+(\.md)?)$/;
    expect(files.filter((file) => !expected.test(file) || file.includes('.test.'))).toEqual([]);
  });

  it('asks at run time for its dependencies and peers only', () => {
    const known = new Set([...builtinModules, ...Object.keys(packageJson.dependencies)]);
    const server = readFileSync(path.join(repositoryRoot, 'dist/server/index.js'), 'utf8');
    const cli = readFileSync(path.join(repositoryRoot, 'dist/cli/index.js'), 'utf8');
    // The command line takes Strapi from the project it is run in.
    expect(foreignPackages(cli).filter((name) => !known.has(name))).toEqual([]);
    expect(foreignPackages(server).filter((name) => !known.has(name) && !isPeer(name))).toEqual([]);
    const page = files
      .filter((file) => /^dist\/admin\/[^/]+\.js$/.test(file))
      .map((file) => readFileSync(path.join(repositoryRoot, file), 'utf8'));
    expect(foreignPackages(page.join('\n')).filter((name) => name !== 'react/jsx-runtime' && !isPeer(name))).toEqual(
      [],
    );
  });

  it.each(pluginForms)('runs in another Strapi project, by %s', async (form) => {
    const app = await appWithPlugin(form, tarball);
    const strapi = await startStrapiProcess({ ...app.options, graphql: true });
    const anonymous = await strapi.request.get('/s3-sync/status');
    const administrator = await strapi.admin.get('/s3-sync/status');
    const logs = strapi.logs();
    const code = await strapi.stop({ keepApp: true });
    app.remove();
    expect([anonymous.status, administrator.status]).toEqual([401, 200]);
    expect(logs).not.toMatch(/\berror\b/i);
    expect(code).toBe(0);
  });
});

/** The packages that CommonJS code requires: `@scope/name` or `name`, without `node:`. */
function foreignPackages(code: string): string[] {
  const names = [...code.matchAll(/\brequire\("([^".][^"]*)"\)/g)].map(([, name]) =>
    (name ?? '').replace(/^node:/, ''),
  );
  return [...new Set(names)];
}

function isPeer(name: string): boolean {
  return Object.keys(packageJson.peerDependencies).some((peer) => name === peer || name.startsWith(`${peer}/`));
}
