import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';

/** Forwards connections to a store, and breaks one of them once, in the middle of what is sent. */
export class BreakingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #bytesLeft: number | undefined;

  private constructor(target: URL) {
    this.#server = createServer((socket) => {
      this.#forward(socket, connect(Number(target.port), target.hostname));
    });
  }

  /** @param endpoint URL of the store, with its port. */
  static async start(endpoint: string): Promise<BreakingProxy> {
    const proxy = new BreakingProxy(new URL(endpoint));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    const { port } = z.object({ port: z.number() }).parse(this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** From now on: the connection that sends the last of so many bytes to the store breaks there. */
  breakAfterSending(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** Whether that has happened. */
  get hasBroken(): boolean {
    return this.#bytesLeft !== undefined && this.#bytesLeft <= 0;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #forward(client: Socket, store: Socket): void {
    for (const [one, other] of [
      [client, store],
      [store, client],
    ] as const) {
      this.#sockets.add(one);
      // An error is followed by `close`.
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      const before = this.#bytesLeft ?? 0;
      if (before <= 0) return;
      this.#bytesLeft = before - chunk.length;
      if (before <= chunk.length) client.resetAndDestroy();
    });
    client.pipe(store);
    store.pipe(client);
  }
}
