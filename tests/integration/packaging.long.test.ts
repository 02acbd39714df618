import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { appWithPlugin, packPlugin, pluginForms } from '../support/pluginForms';
import { startStrapiProcess } from '../support/strapi';
import { repositoryRoot, writeTestApp } from '../support/testApp';

/** A text that only the plugin's page has. */
const buttonText = 'Sync Files Now';

describe('The page in a production admin build of another Strapi project', () => {
  let folder: string;
  let tarball: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 's3-sync-pack-'));
    ({ tarball } = await packPlugin(folder));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(pluginForms)(
    'is in it, with the plugin by %s',
    async (form) => {
      const app = await appWithPlugin(form, tarball);
      const { appDir } = writeTestApp(app.options);
      const strapi = path.join(repositoryRoot, 'node_modules/@strapi/strapi/bin/strapi.js');
      const env = { ...process.env, ...app.options.env, NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' };
      await promisify(execFile)(process.execPath, [strapi, 'build'], { cwd: appDir, env, maxBuffer: 100_000_000 });
      const build = path.join(appDir, 'build');
      const scripts = readdirSync(build).filter((file) => file.endsWith('.js'));
      const withPage = scripts.filter((file) => readFileSync(path.join(build, file), 'utf8').includes(buttonText));

      const started = await startStrapiProcess({ ...app.options, graphql: true, serveAdminPanel: true });
      const page = await started.request.get('/admin/settings/s3-sync');
      await started.stop({ keepApp: true });
      app.remove();
      expect(withPage).not.toEqual([]);
      expect(page.text).toContain('<div id="strapi">');
    },
    300_000,
  );
});
