import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:http';
import { z } from 'zod';

/** Stands between a tool and the store and counts its requests. Too slow to measure times through it. */
export class CountingProxy {
  #count = 0;

  private constructor(
    private readonly server: Server,
    readonly endpoint: string,
  ) {}

  /** @param target the store's URL. */
  static async start(target: string): Promise<CountingProxy> {
    const { hostname, port } = new URL(target);
    const agent = new Agent({ keepAlive: true });
    const server = createServer((asked, answer) => {
      proxy.#count += 1;
      const { method, url, headers } = asked;
      const forwarded = request({ hostname, port, method, path: url, headers, agent }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      });
      forwarded.on('error', () => answer.destroy());
      asked.pipe(forwarded);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = z.object({ port: z.number() }).parse(server.address());
    const proxy = new CountingProxy(server, `http://127.0.0.1:${address.port}`);
    return proxy;
  }

  /** The requests since the last time this was asked. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
