import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAMS = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool'];
/** The OSD listens on ports of the hundred after the monitor's. */
const MON_PORTS = { from: 41_000, to: 59_000, step: 101 };

/** What `ceph.sh` can do. */
export type CephCommand = 'start' | 'stop' | 'status' | 'wipe' | 'gw-kill' | 'gw-start' | 'gw-pause' | 'gw-resume';

/** Whether Ceph's programs are on this machine. */
export function isCephInstalled(): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return PROGRAMS.every((program) => folders.some((folder) => existsSync(join(folder, program))));
}

/** A throw-away Ceph RADOS Gateway of one test run. */
export class Ceph {
  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly monPort: number,
  ) {}

  /** @param folder does not exist yet, or is empty. Nothing is started yet. */
  static async in(folder: string): Promise<Ceph> {
    return new Ceph(folder, await freePort(), await freeMonPort());
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws the error of the script, with what it printed. */
  async run(command: CephCommand): Promise<void> {
    await promisify(execFile)(join(__dirname, 'ceph.sh'), [command], {
      env: {
        ...process.env,
        S3_DIR: this.folder,
        S3_PORT: String(this.port),
        S3_MON_PORT: String(this.monPort),
      },
    });
  }
}

async function freeMonPort(): Promise<number> {
  const { from, to, step } = MON_PORTS;
  const slots = Math.floor((to - from) / step);
  for (let tries = 0; tries < 50; tries++) {
    const port = from + step * Math.floor(Math.random() * slots);
    if (await isFree(port)) return port;
  }
  throw new Error('No free port was found for the monitor of Ceph.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No port was given.'));
        else resolve(address.port);
      });
    });
  });
}
