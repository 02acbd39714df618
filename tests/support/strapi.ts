import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Core, createStrapi } from '@strapi/strapi';
import supertest from 'supertest';
import { z } from 'zod';
import { type TestApp, type TestAppOptions, repositoryRoot, writeTestApp } from './testApp';

process.env.STRAPI_TELEMETRY_DISABLED = 'true';

/** The administrator of every test app. */
export const administrator = { email: 'admin@example.com', password: 'Admin-for-tests-1' };

type Agent = ReturnType<typeof supertest.agent>;

interface StartedApp extends TestApp {
  /** Where it listens, without a slash at the end. */
  url: string;
  /** Requests of nobody. */
  request: Agent;
  /** Requests of the first administrator (super admin). */
  admin: Agent;
  adminToken: string;
  /** All that Strapi logged so far. */
  logs(): string;
}

export interface StartedStrapi extends StartedApp {
  strapi: Core.Strapi;
  /**
   * Stops Strapi.
   *
   * @param options `keepApp`: leave the app's folder, to start on it again with `appDir`
   */
  stop(options?: { keepApp?: boolean }): Promise<void>;
}

/**
 * Starts a real Strapi in this process, listening on a free port of 127.0.0.1.
 *
 * One at a time: Strapi keeps itself in `global.strapi`.
 */
export async function startStrapi(options: TestAppOptions = {}): Promise<StartedStrapi> {
  const app = writeTestApp(options);
  const strapi = createStrapi({
    appDir: app.appDir,
    distDir: app.appDir,
    autoReload: false,
    serveAdminPanel: options.serveAdminPanel ?? false,
  });
  try {
    await strapi.load();
    await strapi.listen();
  } catch (error) {
    // What was half loaded may refuse to end; the first error is the one to tell.
    await strapi.destroy().catch(() => undefined);
    throw error;
  }
  const address = z.object({ port: z.number() }).parse(strapi.server.httpServer.address());
  return {
    ...(await describeApp(app, address.port)),
    strapi,
    async stop({ keepApp = false } = {}) {
      await strapi.destroy();
      if (!keepApp) {
        removeApp(app, options);
      }
    },
  };
}

export interface StrapiProcess extends StartedApp {
  pid: number;
  /** Asks it to stop (SIGTERM) and waits; rejects if it does not end in 20 s. Returns its exit code. */
  stop(options?: { keepApp?: boolean }): Promise<number | null>;
  /** `kill -9`: no handler of it runs. The app's folder stays, to start on it again with `appDir`. */
  kill(): Promise<void>;
}

export interface ProcessOptions extends TestAppOptions {
  /** Further environment variables. */
  env?: Record<string, string>;
  /** How long a start may take, in ms. @default 90000 */
  startTimeout?: number;
}

/**
 * Starts a real Strapi as a child process. It ends with this process, whatever happens to it.
 *
 * @throws Error with the end of its output if it does not listen in time
 */
export async function startStrapiProcess(options: ProcessOptions = {}): Promise<StrapiProcess> {
  const app = writeTestApp(options);
  const fromSource = (options.plugin ?? 'source') === 'source';
  const child = fork(path.join(app.appDir, 'start.js'), [], {
    cwd: app.appDir,
    silent: true,
    // tsx compiles the plugin's sources; its path is absolute, since an app may have a node_modules of its own.
    execArgv: fromSource ? ['--require', path.join(repositoryRoot, 'node_modules/tsx/dist/cjs/index.cjs')] : [],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      NODE_ENV: 'production',
      STRAPI_TELEMETRY_DISABLED: 'true',
      SERVE_ADMIN_PANEL: String(options.serveAdminPanel ?? false),
      ...options.env,
    },
  });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exited = once(child, 'exit').then(([code]) => z.number().nullable().parse(code));

  const port = await new Promise<number>((resolve, reject) => {
    const fail = (what: string) => {
      const log = existsSync(app.logFile) ? readFileSync(app.logFile, 'utf8').slice(-5_000) : '';
      reject(new Error(`Strapi ${what}.\n${output}\n${log}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('did not start in time');
    }, options.startTimeout ?? 90_000);
    child.once('message', (message) => {
      clearTimeout(timer);
      resolve(z.object({ port: z.number() }).parse(message).port);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with code ${code ?? 'none'} before it listened`);
    });
  });

  return {
    ...(await describeApp(app, port)),
    pid: z.number().parse(child.pid),
    async stop({ keepApp = false } = {}) {
      const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
      child.kill('SIGTERM');
      const code = await exited;
      clearTimeout(timer);
      if (child.signalCode === 'SIGKILL') {
        throw new Error(`Strapi did not stop within 20 s of SIGTERM.\n${output}`);
      }
      if (!keepApp) {
        removeApp(app, options);
      }
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** What both forms of a started app offer. */
async function describeApp(app: TestApp, port: number): Promise<StartedApp> {
  const url = `http://127.0.0.1:${port}`;
  const request = supertest.agent(url);
  const adminToken = await logIn(request);
  const admin = supertest.agent(url);
  admin.set('Authorization', `Bearer ${adminToken}`);
  const logs = () => (existsSync(app.logFile) ? readFileSync(app.logFile, 'utf8') : '');
  return { ...app, url, request: supertest.agent(url), admin, adminToken, logs };
}

const tokenAnswer = z.object({ data: z.object({ token: z.string() }) });

/** Registers the first administrator, or logs in where the database has one already. */
async function logIn(request: Agent): Promise<string> {
  const login = await request.post('/admin/login').send(administrator);
  if (login.status === 200) {
    return tokenAnswer.parse(login.body).data.token;
  }
  const names = { firstname: 'Ada', lastname: 'Admin' };
  const answer = await request.post('/admin/register-admin').send({ ...administrator, ...names });
  return tokenAnswer.parse(answer.body).data.token;
}

/** Removes an app's folder, unless the caller gave it. */
function removeApp(app: TestApp, options: TestAppOptions): void {
  if (options.appDir === undefined) {
    rmSync(app.appDir, { recursive: true, force: true });
  }
}
