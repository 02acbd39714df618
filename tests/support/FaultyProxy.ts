import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

interface Hold {
  /** Text in the path of the request. */
  text: string;
  afterBytes: number;
  until: Promise<void>;
}

/** Forwards requests to any store, and can answer some of them itself or hold an answer back in its middle. */
export class FaultyProxy {
  readonly #target: URL;
  readonly #server: Server;
  #probability = 0;
  #refused = 0;
  #seed = 0x9e3779b9;
  #hold: Hold | undefined;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => {
      if (this.#random() < this.#probability) this.#refuse(incoming, outgoing);
      else this.#forward(incoming, outgoing);
    });
  }

  /** @param endpoint URL of the store, with its port. */
  static async start(endpoint: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(new URL(endpoint));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where the store is reached through the proxy. */
  get endpoint(): string {
    const { port } = z.object({ port: z.number() }).parse(this.#server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** How many requests were answered 503. */
  get refused(): number {
    return this.#refused;
  }

  /** Answers 503 to so many of the requests, from 0 to 1. */
  beBusy(probability: number): void {
    this.#probability = probability;
  }

  /**
   * Sends so many bytes of the answers to a GET of what has this text in its path, and the rest later.
   * @returns a function that lets the rest go.
   */
  holdBody(text: string, afterBytes: number): () => void {
    let release = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#hold = { text, afterBytes, until };
    return () => {
      this.#hold = undefined;
      release();
    };
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #refuse(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#refused += 1;
    incoming.resume().once('end', () => {
      outgoing.writeHead(503, { 'content-type': 'application/xml' });
      outgoing.end('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Slow down.</Message></Error>');
    });
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, url = '/', headers } = incoming;
    const { hostname, port } = this.#target;
    // The path and the headers go on as they came: they are signed.
    const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      const hold = this.#hold;
      const isHeld = hold !== undefined && method === 'GET' && url.includes(hold.text);
      this.#send(answer, outgoing, isHeld ? hold : undefined).catch(() => outgoing.destroy());
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  }

  async #send(answer: IncomingMessage, outgoing: ServerResponse, hold: Hold | undefined): Promise<void> {
    outgoing.flushHeaders();
    const held = async function* (chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
      let sent = 0;
      for await (const chunk of chunks) {
        if (!Buffer.isBuffer(chunk)) throw new TypeError('A body gives buffers.');
        if (hold !== undefined && sent >= hold.afterBytes) await hold.until;
        sent += chunk.length;
        yield chunk;
      }
    };
    await pipeline(answer, held, outgoing);
  }

  /** From 0 up to 1, the same numbers in every run (xorshift32), so that a failing test fails again. */
  #random(): number {
    this.#seed ^= this.#seed << 13;
    this.#seed ^= this.#seed >>> 17;
    this.#seed ^= this.#seed << 5;
    return (this.#seed >>> 0) / 2 ** 32;
  }
}
