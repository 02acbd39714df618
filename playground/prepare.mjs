/**
 * What `npm test` and `npm run demo` need before they start: installed packages, the built plugin, the built admin.
 * Node's built-ins only, since nothing may be installed yet. What did not change since the last time is not done again.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The root of this repository. */
export const root = path.resolve(import.meta.dirname, '..');

/** The app of this folder. */
export const playground = import.meta.dirname;

/** A command that ended with an error; `output` is the end of what it printed. */
export class CommandError extends Error {
  /** @param {string} command @param {string} output @param {string} [reason] */
  constructor(command, output, reason = 'failed') {
    super(`${command} ${reason}.`);
    this.output = output;
  }
}

/** Commands that run now: they end with this process. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill()));

/**
 * Runs a command to its end.
 *
 * @param {string} command a program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, show?: boolean, timeout?: number }} [options]
 *   show: print its output as it comes; timeout: in ms, then it is killed
 * @returns {Promise<string>} its output, stdout and stderr as they came
 * @throws {CommandError} if it cannot start, ends with another code than 0 or takes too long
 */
export function run(command, args, { cwd = root, env = {}, show = false, timeout } = {}) {
  const shown = [path.basename(command), ...args].join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    let output = '';
    let late = false;
    const timer = timeout === undefined ? undefined : setTimeout(stopLate, timeout);
    function stopLate() {
      late = true;
      child.kill('SIGKILL');
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        output += text;
        if (show) {
          process.stdout.write(text);
        }
      });
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      running.delete(child);
      reject(new CommandError(shown, error.message));
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      if (code === 0) {
        resolve(output);
      } else {
        reject(
          new CommandError(shown, output, late ? `did not end in ${timeout / 1000} s` : `ended with code ${code}`),
        );
      }
    });
  });
}

/** A program of an installed package: run with this Node, without npx in between. @param {string} file below node_modules */
export function runPackage(file, args, options) {
  return run(process.execPath, [path.join(root, 'node_modules', file), ...args], options);
}

/**
 * Installs what package-lock.json names, unless node_modules holds just that.
 *
 * Not by `npm ci`: that refuses a lock file that lacks optional packages of other platforms, as npm leaves them out where
 * the registry has none (npm/cli#9846). `npm install` keeps to the locked versions as well, and `--no-save` leaves the
 * lock file as it is.
 *
 * @returns {Promise<string>} what was done
 */
export async function install() {
  if (isInstalled()) {
    return 'up to date';
  }
  // On Windows npm is a command file, which only a shell can start; elsewhere it is a program.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  // Under `npm test --silent` npm would not even say why it failed.
  await run(npm, ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  return 'npm install';
}

/** Compares the lock file with the one that npm leaves in node_modules, name by name. */
function isInstalled() {
  const leftByNpm = path.join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(leftByNpm)) {
    return false;
  }
  const wanted = readJson(path.join(root, 'package-lock.json')).packages;
  const found = readJson(leftByNpm).packages;
  return Object.entries(wanted).every(([folder, entry]) => {
    const has = found[folder];
    if (
      !folder.includes('node_modules/') ||
      (has === undefined && (entry.optional || entry.devOptional || entry.peer))
    ) {
      return true;
    }
    return has !== undefined && has.version === entry.version;
  });
}

/** `strapi-plugin build` and `verify`. @returns {Promise<string>} what was done */
export function buildPlugin() {
  return unlessUnchanged({
    name: 'plugin',
    inputs: ['package.json', 'package-lock.json', 'tsconfig.json', 'server', 'admin'],
    outputs: ['dist'],
    async work() {
      await runPackage('@strapi/sdk-plugin/bin/strapi-plugin.js', ['build']);
      await runPackage('@strapi/sdk-plugin/bin/strapi-plugin.js', ['verify']);
    },
  });
}

/** `strapi build` of the playground, with the plugin's page in it. @returns {Promise<string>} what was done */
export function buildAdmin() {
  return unlessUnchanged({
    name: 'admin',
    inputs: ['package-lock.json', 'dist/admin', 'playground/config', 'playground/src', 'playground/tsconfig.json'],
    outputs: ['playground/dist'],
    async work() {
      // Strapi leaves compiled files of sources that are gone.
      rmSync(path.join(playground, 'dist'), { recursive: true, force: true });
      await runPackage('@strapi/strapi/bin/strapi.js', ['build'], {
        cwd: playground,
        env: { NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true' },
      });
    },
  });
}

/** Does a build and remembers what went in and came out; does nothing while both are still so. */
async function unlessUnchanged({ name, inputs, outputs, work }) {
  const stamp = path.join(root, '.tmp', `${name}.stamp`);
  const current = () => `${fingerprint(inputs)} ${fingerprint(outputs)}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === current()) {
    return 'nothing changed';
  }
  await work();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, current());
  return 'built';
}

/** One hash over the names and the content of files and folders below the root. */
function fingerprint(paths) {
  const hash = createHash('sha256');
  const add = (file) => {
    const full = path.join(root, file);
    if (!existsSync(full)) {
      hash.update(`${file} missing\n`);
      return;
    }
    for (const found of filesBelow(full)) {
      hash.update(`${path.relative(root, found)}\n`).update(readFileSync(found));
    }
  };
  paths.forEach(add);
  return hash.digest('hex');
}

function filesBelow(file) {
  let entries;
  try {
    entries = readdirSync(file, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') {
      return [file];
    }
    throw error;
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => filesBelow(path.join(file, entry.name)));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Seconds since a `performance.now()`, as people read them. @param {number} start */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** The end of a command's output. @param {string} output @param {number} [lines] */
export function tail(output, lines = 40) {
  return output.trimEnd().split('\n').slice(-lines).join('\n');
}
