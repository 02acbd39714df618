import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** Forwards connections to a store, and can be slow, keep everything back, or be cut off from it. */
export class TcpProxy {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #delayMs = 0;
  #held: { until: Promise<void>; release(): void } | undefined;
  #sentBytes = 0;
  readonly #counters: { text: string; count: number }[] = [];

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((socket) => {
      this.#accept(socket);
    });
  }

  /** @param endpoint URL of the store, with its port. */
  static async start(endpoint: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(new URL(endpoint));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where the store is reached through the proxy. */
  get endpoint(): string {
    const { port } = z.object({ port: z.number() }).parse(this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** Bytes that were sent to the store. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /**
   * Counts what is sent to the store and holds this text, from now on.
   * @returns a function that tells how often it was sent.
   */
  countSent(text: string): () => number {
    const counter = { text, count: 0 };
    this.#counters.push(counter);
    return () => counter.count;
  }

  /** Ends all connections, and every new one at once. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Keeps each piece of what a client sends for so long, in ms. What a client gives up meanwhile never arrives. */
  slowDown(ms: number): void {
    this.#delayMs = ms;
  }

  /** Keeps all that clients send until it is mended: a run goes on for as long as a test needs it. */
  hold(): void {
    if (this.#held !== undefined) return;
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { until, release };
  }

  /** Forwards again, and at once. */
  mend(): void {
    this.#isCut = false;
    this.#delayMs = 0;
    this.#held?.release();
    this.#held = undefined;
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    if (this.#isCut) {
      socket.destroy();
      return;
    }
    socket.on('data', (chunk: Buffer) => {
      this.#sentBytes += chunk.length;
      for (const counter of this.#counters) if (chunk.includes(counter.text)) counter.count += 1;
    });
    const store = connect(Number(this.#target.port), this.#target.hostname);
    for (const [one, other] of [
      [socket, store],
      [store, socket],
    ] as const) {
      this.#sockets.add(one);
      // An error is followed by `close`.
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    socket.pipe(this.#delay()).pipe(store);
    store.pipe(socket);
  }

  async #wait(): Promise<void> {
    // What is given up meanwhile must not keep the process of the tests alive.
    if (this.#delayMs > 0) await sleep(this.#delayMs, undefined, { ref: false });
    await this.#held?.until;
  }

  #delay(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.#delayMs === 0 && this.#held === undefined) done(null, chunk);
        else
          void this.#wait().then(() => {
            done(null, chunk);
          });
      },
    });
  }
}
