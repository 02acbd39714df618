import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { transformSync } from '@swc/core';
import { z } from 'zod';

/** The root of this repository. */
export const repositoryRoot = path.resolve(__dirname, '..', '..');

const playground = path.join(repositoryRoot, 'playground');

/** How the app gets the plugin. */
export type PluginForm =
  /** The TypeScript sources, no build needed: by jest's transform, or by tsx in a child process. */
  | 'source'
  /** What `npm run build` made, by `resolve:` to this repository. */
  | 'built'
  /** Whatever the app's own node_modules holds: nothing in config/plugins but `enabled` and `config`. */
  | 'installed'
  /** No plugin at all, to compare with. */
  | 'none';

export interface TestAppOptions {
  /** `config` of `s3-sync` in config/plugins: what is given here is locked. */
  pluginConfig?: Record<string, unknown>;
  /** Further entries of config/plugins, for example `upload` with another provider. */
  plugins?: Record<string, unknown>;
  /** @default 'source' */
  plugin?: PluginForm;
  /** With Strapi's GraphQL plugin, which takes a good part of a start. @default false */
  graphql?: boolean;
  /** An existing public folder; by default `public/` in the app with an empty `uploads/`. */
  publicDir?: string;
  /** A database file to use in place; by default a new one in the app. */
  databaseFile?: string;
  /** `connection` of config/database, for another database than a SQLite file. */
  connection?: Record<string, unknown>;
  /** A database file to start from: copied, so that it is another database with the same content. */
  copyDatabaseFrom?: string;
  /** Further keys of config/server. */
  server?: Record<string, unknown>;
  /** A folder to write the app to; by default a new one below the system's temporary folder. */
  appDir?: string;
  /** The app's folder has a node_modules already; by default it gets a link to the repository's. */
  ownNodeModules?: boolean;
  /** Further `dependencies` of the app's package.json: Strapi looks for plugins among them. */
  dependencies?: Record<string, string>;
  /** Serve the playground's production admin build. @default false */
  serveAdminPanel?: boolean;
}

export interface TestApp {
  appDir: string;
  publicDir: string;
  databaseFile: string;
  /** What Strapi logs, line by line; the file exists once Strapi has logged something. */
  logFile: string;
}

/**
 * Writes a Strapi app in plain JavaScript to a folder of its own: the playground's content types, with a configuration
 * for tests (SQLite file, any free port, no rate limit, log to a file, secrets made at random).
 *
 * @returns where its parts are; the caller deletes `appDir`
 */
export function writeTestApp(options: TestAppOptions = {}): TestApp {
  const appDir = options.appDir ?? mkdtempSync(path.join(tmpdir(), 's3-sync-app-'));
  const publicDir = options.publicDir ?? path.join(appDir, 'public');
  const databaseFile = options.databaseFile ?? path.join(appDir, 'data.db');
  const logFile = path.join(appDir, 'strapi.log');

  mkdirSync(path.join(appDir, 'config'), { recursive: true });
  mkdirSync(path.join(publicDir, 'uploads'), { recursive: true });
  mkdirSync(path.join(appDir, 'database', 'migrations'), { recursive: true });
  if (options.copyDatabaseFrom !== undefined) {
    cpSync(options.copyDatabaseFrom, databaseFile);
  }
  writePackageJson(appDir, options.dependencies ?? {});
  cpSync(path.join(playground, 'favicon.png'), path.join(appDir, 'favicon.png'));
  compileFolder(path.join(playground, 'src'), path.join(appDir, 'src'));
  compileFile(path.join(playground, 'config', 'middlewares.ts'), path.join(appDir, 'config', 'middlewares.js'));
  if (options.ownNodeModules !== true && !existsSync(path.join(appDir, 'node_modules'))) {
    symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(appDir, 'node_modules'));
  }
  if (options.serveAdminPanel === true && !existsSync(path.join(appDir, 'build'))) {
    symlinkSync(path.join(playground, 'dist', 'build'), path.join(appDir, 'build'));
  }
  writeConfig(appDir, { ...options, publicDir, databaseFile, logFile });
  writeFileSync(path.join(appDir, 'start.js'), startScript);
  return { appDir, publicDir, databaseFile, logFile };
}

/** The playground's package.json, with further dependencies. */
function writePackageJson(appDir: string, dependencies: Record<string, string>): void {
  const content: unknown = JSON.parse(readFileSync(path.join(playground, 'package.json'), 'utf8'));
  const parsed = z.looseObject({ dependencies: z.record(z.string(), z.string()) }).parse(content);
  const written = { ...parsed, dependencies: { ...parsed.dependencies, ...dependencies } };
  writeFileSync(path.join(appDir, 'package.json'), JSON.stringify(written, null, 2));
}

interface ConfigOptions extends TestAppOptions {
  publicDir: string;
  databaseFile: string;
  logFile: string;
}

function writeConfig(appDir: string, options: ConfigOptions): void {
  const secret = () => randomBytes(16).toString('base64');
  const write = (name: string, value: unknown) => {
    writeFileSync(path.join(appDir, 'config', `${name}.js`), `module.exports = ${JSON.stringify(value, null, 2)};\n`);
  };
  if (options.connection === undefined) {
    writeFileSync(path.join(appDir, 'config', 'database.js'), sqliteConfig(options.databaseFile));
  } else {
    write('database', { connection: options.connection });
  }
  write('admin', {
    auth: { secret: secret(), cookie: { secure: false } },
    apiToken: { salt: secret() },
    transfer: { token: { salt: secret() } },
    secrets: { encryptionKey: secret() },
    rateLimit: { enabled: false },
    flags: { nps: false, promoteEE: false, docLinks: false },
  });
  write('plugins', {
    'users-permissions': { config: { jwtSecret: secret() } },
    graphql: { enabled: options.graphql ?? false },
    ...options.plugins,
    ...pluginEntry(appDir, options),
  });
  const server = {
    host: '127.0.0.1',
    port: 0,
    app: { keys: [secret()] },
    dirs: { public: options.publicDir },
    cron: { enabled: false },
    logger: { updates: { enabled: false }, startup: { enabled: false } },
    ...options.server,
  };
  writeFileSync(path.join(appDir, 'config', 'server.js'), serverConfig(server, options.logFile));
}

/** The entry `s3-sync` of config/plugins. */
function pluginEntry(appDir: string, options: ConfigOptions): Record<string, unknown> {
  const form = options.plugin ?? 'source';
  if (form === 'none') {
    return {};
  }
  const entry = { enabled: true, config: options.pluginConfig ?? {} };
  if (form === 'installed') {
    return { 's3-sync': entry };
  }
  return { 's3-sync': { ...entry, resolve: form === 'built' ? repositoryRoot : writeSourcePlugin(appDir) } };
}

/** A plugin folder whose server entry is the TypeScript source. */
function writeSourcePlugin(appDir: string): string {
  const folder = path.join(appDir, 'plugin-source');
  mkdirSync(folder, { recursive: true });
  const strapi = { kind: 'plugin', name: 's3-sync', displayName: 'S3 Sync' };
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 's3-sync-source', version: '0.0.0', strapi }),
  );
  const entry = path.join(repositoryRoot, 'server', 'src', 'index.ts');
  writeFileSync(path.join(folder, 'strapi-server.js'), `module.exports = require(${JSON.stringify(entry)});\n`);
  return folder;
}

/**
 * config/database for a SQLite file. Without `fsync` only a machine that dies loses something, a process that is killed
 * does not; with it a start waits for the disk hundreds of times.
 */
function sqliteConfig(filename: string): string {
  return `module.exports = {
  connection: {
    client: 'sqlite',
    connection: { filename: ${JSON.stringify(filename)} },
    useNullAsDefault: true,
    pool: {
      afterCreate(connection, done) {
        connection.pragma('synchronous = OFF');
        done(null, connection);
      },
    },
  },
};
`;
}

/** config/server, with a log that is written at once: a test may read it right after the act. */
function serverConfig(server: Record<string, unknown>, logFile: string): string {
  return `const { appendFileSync } = require('node:fs');
const { Writable } = require('node:stream');
const { transports } = require('winston');

const stream = new Writable({
  write(chunk, _encoding, done) {
    appendFileSync(${JSON.stringify(logFile)}, chunk);
    done();
  },
});
const server = ${JSON.stringify(server, null, 2)};
server.logger.config = { level: 'debug', transports: [new transports.Stream({ stream })] };
module.exports = server;
`;
}

/** Starts the app in a child process, tells the parent its port, and ends with the parent. */
const startScript = `const { createStrapi } = require('@strapi/strapi');

process.chdir(__dirname);
const serveAdminPanel = process.env.SERVE_ADMIN_PANEL === 'true';
const strapi = createStrapi({ appDir: __dirname, distDir: __dirname, autoReload: false, serveAdminPanel });
strapi.start().then(() => {
  process.send({ port: strapi.server.httpServer.address().port });
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
});
`;

/** Copies a folder, TypeScript compiled to CommonJS; the admin's own sources stay behind. */
function compileFolder(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'admin') {
        compileFolder(source, path.join(to, entry.name));
      }
    } else if (entry.name.endsWith('.ts')) {
      compileFile(source, path.join(to, entry.name.replace(/\.ts$/, '.js')));
    } else {
      cpSync(source, path.join(to, entry.name));
    }
  }
}

function compileFile(from: string, to: string): void {
  const { code } = transformSync(readFileSync(from, 'utf8'), {
    filename: from,
    configFile: false,
    swcrc: false,
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  writeFileSync(to, code);
}
