import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { waitUntil } from './waitUntil';

const PLACES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'];

export const HOW_TO_GET_NGINX =
  'nginx is not installed, so these tests did not run. To run them: apt-get install -y --no-install-recommends nginx';

/** Where nginx is; `undefined` where it is not installed. */
export function findNginx(): string | undefined {
  return PLACES.find((place) => existsSync(place));
}

/** An nginx that hands requests to several servers in turn. */
export class Nginx {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param program its absolute path. @param servers URLs without a path. */
  static async start(program: string, servers: readonly string[]): Promise<Nginx> {
    const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-nginx-'));
    const port = await freePort();
    const file = path.join(folder, 'nginx.conf');
    await writeFile(file, configuration(folder, port, servers));
    const child = spawn(program, ['-p', folder, '-c', file, '-e', path.join(folder, 'error.log')], { stdio: 'ignore' });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, child, folder);
    await waitUntil('nginx listens', async () => ((await accepts(port)) ? true : undefined));
    return nginx;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number, servers: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
events { worker_connections 2048; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  upstream strapi {
    ${servers.map((server) => `server ${new URL(server).host} max_fails=0;`).join('\n    ')}
  }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    client_max_body_size 200m;
    location / {
      proxy_pass http://strapi;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_next_upstream off;
    }
  }
}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = z.object({ port: z.number() }).parse(server.address());
      server.close(() => {
        resolve(port);
      });
    });
  });
}
