import { hostname } from 'node:os';
import { z } from 'zod';
import { CommandError } from '../commands/CommandError';
import {
  changesSomething,
  type CommandEvent,
  type CommandIo,
  type CommandRequest,
  type ServerSeen,
} from '../commands/contract';
import { currentUid } from '../socket/currentUser';
import { otherUser, readOwner } from '../socket/otherUsers';
import { reachServer, type ReachedServer } from '../socket/reachServer';
import type { ServerAbout } from '../socket/socketPlace';
import { loadStrapi, type LoadedStrapi } from './loadStrapi';
import type { Output } from './Output';

/**
 * Carries requests to where they are answered: the running server of the project, or a Strapi loaded here where none
 * runs. Beside a live server the database is not opened: on SQLite the server's own requests would fail.
 */
export class Session {
  readonly #root: string;
  readonly #version: string;
  readonly #output: Output;
  readonly #signal: AbortSignal;
  #loaded: LoadedStrapi | undefined;
  #about: ServerAbout | undefined;

  /**
   * @param root the project's folder.
   * @param signal aborted when the person gives up.
   */
  constructor(root: string, version: string, output: Output, signal: AbortSignal) {
    this.#root = root;
    this.#version = version;
    this.#output = output;
    this.#signal = signal;
  }

  /** The server that answered last; `undefined` where this process did it itself. */
  get server(): ServerAbout | undefined {
    return this.#about;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param schema form of the answer, one of `answers`.
   * @throws {CommandError} where it is not carried out.
   */
  async call<Answer>(
    request: CommandRequest,
    schema: z.ZodType<Answer>,
    onEvent: (event: CommandEvent) => void = () => undefined,
  ): Promise<Answer> {
    const io: CommandIo = { signal: this.#signal, tell: onEvent };
    const server = this.#loaded ? undefined : await reachServer(this.#root, this.#version);
    return schema.parse(server ? await this.#ask(server, request, io) : await this.#answerHere(request, io));
  }

  /** Ends the Strapi that was loaded, if one was. */
  async close(): Promise<void> {
    await this.#loaded?.destroy(this.#signal);
    this.#loaded = undefined;
  }

  async #ask(server: ReachedServer, request: CommandRequest, io: CommandIo): Promise<unknown> {
    this.#about = server.about;
    try {
      return await server.call(request, io);
    } finally {
      server.close();
    }
  }

  async #answerHere(request: CommandRequest, io: CommandIo): Promise<unknown> {
    this.#loaded ??= await loadStrapi(this.#root, this.#version, this.#output);
    const { commands } = this.#loaded;
    if (changesSomething(request)) {
      const server = await commands.findServer();
      if (server !== undefined) throw await notAnswering(server);
    }
    try {
      return await commands.execute(request, io);
    } catch (error) {
      throw asOwnError(error);
    }
  }
}

const failureSchema = z.object({
  name: z.literal('CommandError'),
  code: z.string(),
  message: z.string(),
  fix: z.string(),
});

/** The plugin that Strapi loaded has a class of its own by the same name. */
function asOwnError(error: unknown): unknown {
  const failure = failureSchema.safeParse(error);
  return failure.success ? new CommandError(failure.data) : error;
}

async function notAnswering({ host, pid }: ServerSeen): Promise<CommandError> {
  const uid = host === hostname() ? await readOwner(pid) : undefined;
  if (uid !== undefined && uid !== currentUid()) return otherUser(uid);
  return new CommandError({
    code: 'SERVER_SILENT',
    message: `A server of this site is alive (${host}, process ${pid}) and cannot be reached from here.`,
    fix: 'Run the command on its host, as its user and with its TMPDIR. Or stop it, and wait a minute if it was killed.',
  });
}
