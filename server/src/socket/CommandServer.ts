import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { CommandError } from '../commands/CommandError';
import { requestSchema, type CommandRequest, type CommandsService } from '../commands/contract';
import { describeError } from '../services/describeError';
import type { Log } from '../services/log';
import { isListening } from './openSocket';
import { openSocketFolder, socketPlaceOf, type ServerAbout, type SocketPlace } from './socketPlace';
import { clientLineSchema, readValues, sendLine } from './wire';

/** Another process of this project may hold the socket; it is looked at again after so long, in ms. */
const RETRY_MS = 5_000;

/** What is being answered may go on for so long after the end was asked for, in ms. */
const END_MS = 2_000;

export interface CommandServerOptions {
  /** The Strapi project's folder. */
  appRoot: string;
  commands: CommandsService;
  log: Log;
}

/** Answers the command line over a Unix socket that only this user can open. */
export class CommandServer {
  readonly #options: CommandServerOptions;
  readonly #connections = new Set<Promise<void>>();
  readonly #sockets = new Set<Socket>();
  #opened = 0;
  #place: SocketPlace | undefined;
  #server: Server | undefined;
  #inode: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #told: string | undefined;

  constructor(options: CommandServerOptions) {
    this.#options = options;
  }

  /** Begins to listen as soon as no other process of the project does. Never throws: without a socket all else works. */
  async start(): Promise<void> {
    try {
      this.#place ??= socketPlaceOf(this.#options.appRoot);
      if (!this.#place) {
        this.#cannotBeReached('this system has no sockets that belong to a user.');
        return;
      }
      await this.#listen(this.#place);
    } catch (error) {
      this.#cannotBeReached(describeError(error));
    }
    this.#retryLater();
  }

  /** Ends what is being answered and removes the socket, unless it is another process's by now. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const server = this.#server;
    if (!server || !this.#place) return;
    this.#server = undefined;
    server.close();
    if (await this.#isOurs(this.#place)) {
      await rm(this.#place.socket, { force: true });
      await rm(this.#place.about, { force: true });
    }
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, END_MS);
    await Promise.all(this.#connections);
    clearTimeout(timer);
  }

  /** It is tried again and again, but told once. */
  #cannotBeReached(why: string): void {
    if (why !== this.#told) this.#options.log.warn(`The command line cannot reach this server: ${why}`);
    this.#told = why;
  }

  #retryLater(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.start(), RETRY_MS).unref();
  }

  async #listen(place: SocketPlace): Promise<void> {
    if (this.#server && (await this.#isOurs(place))) return;
    if (await isListening(place.socket)) return;
    if ((await openSocketFolder(place)) !== 'ours') {
      this.#cannotBeReached(`${place.folder} belongs to someone else, or others can open it.`);
      return;
    }
    this.#server?.close();
    const server = createServer((socket) => {
      this.#accept(socket);
    });
    // Under a name of its own first: taking the place of a dead process's socket is then one step.
    this.#opened += 1;
    const own = `${place.socket}.${process.pid}-${this.#opened}`;
    await rm(own, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(own, resolve);
    });
    server.unref();
    try {
      this.#inode = (await stat(own)).ino;
      await writeFile(place.about, `${JSON.stringify(this.#about())}\n`, { mode: 0o600 });
      await rename(own, place.socket);
    } catch (error) {
      // It is tried again: what does not get its place must not stay open each time.
      server.close();
      await rm(own, { force: true });
      throw error;
    }
    this.#server = server;
    if (this.#stopped) await this.stop();
  }

  async #isOurs({ socket }: SocketPlace): Promise<boolean> {
    const found = await stat(socket).catch(() => undefined);
    return found !== undefined && found.ino === this.#inode;
  }

  #about(): ServerAbout {
    return { host: hostname(), pid: process.pid, version: this.#options.commands.version };
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    const done: Promise<void> = this.#converse(socket)
      .catch((error: unknown) => {
        this.#options.log.error(`A command could not be answered: ${describeError(error)}`);
      })
      .finally(() => {
        socket.destroy();
        this.#sockets.delete(socket);
        this.#connections.delete(done);
      });
    this.#connections.add(done);
  }

  /** One request for each connection. */
  async #converse(socket: Socket): Promise<void> {
    sendLine(socket, { hello: this.#about() });
    const controller = new AbortController();
    let answering: Promise<void> | undefined;
    for await (const value of readValues(socket)) {
      const line = clientLineSchema.safeParse(value);
      if (!line.success || ('request' in line.data && answering !== undefined)) break;
      if ('cancel' in line.data) controller.abort();
      else answering = this.#answer(socket, line.data, controller.signal);
    }
    // Whoever hangs up without giving up leaves a run that goes on: what it does is wanted all the same.
    await answering;
  }

  async #answer(socket: Socket, line: { version: string; request?: unknown }, signal: AbortSignal): Promise<void> {
    try {
      const request = this.#read(line);
      const answer = await this.#options.commands.execute(request, {
        signal,
        tell: (event) => {
          sendLine(socket, { event });
        },
      });
      sendLine(socket, { answer: answer ?? null });
    } catch (error) {
      sendLine(socket, { error: toFailure(error) });
      if (!(error instanceof CommandError)) {
        this.#options.log.error(`A command failed: ${describeError(error)}`);
      }
    }
    socket.end();
  }

  #read({ version, request }: { version: string; request?: unknown }): CommandRequest {
    const parsed = requestSchema.safeParse(request);
    if (parsed.success && version === this.#options.commands.version) return parsed.data;
    throw new CommandError({
      code: 'OTHER_VERSION',
      message: `The server runs version ${this.#options.commands.version} of the plugin, the command has ${version}.`,
      fix: 'Restart the server, or run the command from the version that it runs.',
    });
  }
}

function toFailure(error: unknown): { code: string; message: string; fix: string } {
  if (error instanceof CommandError) return { code: error.code, message: error.message, fix: error.fix };
  return { code: 'INTERNAL', message: describeError(error), fix: 'Look at the server log.' };
}
