import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { repositoryRoot } from './testApp';
import type { ProcessOptions } from './strapi';

const run = promisify(execFile);

/** Builds the plugin, unless the build is up to date. */
export async function buildPlugin(): Promise<void> {
  const script = `import { buildPlugin } from ${JSON.stringify(path.join(repositoryRoot, 'playground/prepare.mjs'))};
await buildPlugin();`;
  await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: repositoryRoot });
}

const packAnswer = z.tuple([z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) })]);

/**
 * `npm pack` of the built plugin.
 *
 * @param destination an existing folder
 * @returns the tarball's path and the files in it
 */
export async function packPlugin(destination: string): Promise<{ tarball: string; files: string[] }> {
  // Without scripts: `prepack` would build again.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
  const { stdout } = await run('npm', args, { cwd: repositoryRoot });
  const answer: unknown = JSON.parse(stdout);
  const [{ filename, files }] = packAnswer.parse(answer);
  return { tarball: path.join(destination, filename), files: files.map((file) => file.path) };
}

/** The three ways in which an app of a user can have the plugin. */
export const pluginForms = ['tarball', 'link', 'resolve'] as const;

/** An app folder that has the plugin, and the options that start it. */
export interface AppWithPlugin {
  options: ProcessOptions;
  remove(): void;
}

/**
 * Prepares an app's folder. Its own node_modules holds the plugin alone; all else, Strapi too, is found in the
 * repository's, one folder up.
 *
 * @param form `unpacked`: as by tarball, without npm, which takes long; its dependencies are the repository's too
 * @param tarball what {@link packPlugin} made
 */
export async function appWithPlugin(
  form: (typeof pluginForms)[number] | 'unpacked',
  tarball: string,
): Promise<AppWithPlugin> {
  const parent = realpathSync(mkdtempSync(path.join(tmpdir(), `s3-sync-${form}-`)));
  const appDir = path.join(parent, 'app');
  const nodeModules = path.join(appDir, 'node_modules');
  mkdirSync(nodeModules, { recursive: true });
  symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(parent, 'node_modules'));
  if (form === 'tarball') {
    writeFileSync(path.join(appDir, 'package.json'), JSON.stringify({ name: 'app', private: true }));
    const args = ['install', tarball, '--legacy-peer-deps', '--no-audit', '--no-fund', '--prefer-offline'];
    await run('npm', args, { cwd: appDir });
  } else if (form === 'unpacked') {
    await unpack(tarball, nodeModules);
  } else if (form === 'link') {
    symlinkSync(repositoryRoot, path.join(nodeModules, 'strapi-plugin-s3-sync'));
  }
  const installed: Record<string, string> = form === 'resolve' ? {} : { 'strapi-plugin-s3-sync': '*' };
  return {
    options: {
      appDir,
      ownNodeModules: true,
      dependencies: installed,
      plugin: form === 'resolve' ? 'built' : 'installed',
      // Strapi lies one folder up, at its real path: from there Node does not look into the app's node_modules.
      env: { NODE_PATH: nodeModules },
    },
    remove() {
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

/** What npm does with a tarball: its files, and a link to its program. */
async function unpack(tarball: string, nodeModules: string): Promise<void> {
  const folder = path.join(nodeModules, 'strapi-plugin-s3-sync');
  mkdirSync(folder);
  mkdirSync(path.join(nodeModules, '.bin'));
  await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  const program = path.join(folder, 'bin', 's3-sync.js');
  chmodSync(program, 0o755);
  symlinkSync(program, path.join(nodeModules, '.bin', 's3-sync'));
}
