import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { CommandLine, type CommandOptions } from '../support/CommandLine';
import { packPlugin } from '../support/pluginForms';
import { localFiles, SiteBucket } from '../support/SiteBucket';
import { REALEST_STORE, startRealestStore } from '../support/stores';
import { writeTestApp } from '../support/testApp';

/** The newest one for Node 20 that runs install scripts without asking: SQLite has one. */
const PNPM = 'pnpm@9.15.9';

describe(`The command line in a project that pnpm installed [${REALEST_STORE}]`, () => {
  test(
    'runs from any folder below the project, where packages lie in folders of their own',
    async () => {
      const temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-pnpm-'));
      const { store, close } = await startRealestStore();
      const bucket = await SiteBucket.create(store);
      const { tarball } = await packPlugin(temporary);
      const appDir = path.join(temporary, 'app');
      const app = writeTestApp({
        appDir,
        plugin: 'installed',
        ownNodeModules: true,
        dependencies: { 'strapi-plugin-s3-sync': `file:${tarball}` },
        pluginConfig: bucket.config(),
      });
      await promisify(execFile)('npx', ['--yes', PNPM, 'install', '--config.node-linker=isolated'], {
        cwd: appDir,
        maxBuffer: 100_000_000,
      });
      writeFileSync(path.join(app.publicDir, 'uploads', 'one.txt'), 'one');
      const below = path.join(appDir, 'src', 'api');
      mkdirSync(below, { recursive: true });
      const cli = new CommandLine(appDir);
      // Without what helps packages that are links to the repository's.
      const options: CommandOptions = { cwd: below, env: { TMPDIR: temporary, NODE_PATH: '' } };

      const done = await cli.run(['sync', '--json'], options);
      expect([done.code, done.stderr]).toEqual([0, '']);
      expect(JSON.parse(done.stdout)).toMatchObject({ status: 'done', uploaded: 1 });
      expect(await bucket.objects()).toEqual(localFiles(app.publicDir));
      const byPnpm = await promisify(execFile)('npx', ['--yes', PNPM, 'exec', 's3-sync', 'get', 'mode'], {
        cwd: below,
        env: { ...process.env, TMPDIR: temporary },
      });
      expect(byPnpm.stdout).toBe('SINGLE\n');
      await close();
      rmSync(temporary, { recursive: true, force: true });
    },
    15 * 60_000,
  );
});
