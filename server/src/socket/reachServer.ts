import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { CommandError } from '../commands/CommandError';
import type { CommandIo, CommandRequest } from '../commands/contract';
import { errorCode } from '../sync/errorCode';
import { openSocket } from './openSocket';
import { findOtherUsers, isBound, otherUser } from './otherUsers';
import { checkSocketFolder, serverAboutSchema, socketPlaceOf, type ServerAbout, type SocketPlace } from './socketPlace';
import { readValues, sendLine, serverLineSchema } from './wire';

/** A server that is alive says who it is within so long, in ms. */
const HELLO_MS = 5_000;

/** A running server of the project. */
export interface ReachedServer {
  about: ServerAbout;
  /**
   * Sends the one request of this connection.
   * @throws {CommandError} where it is not carried out, or the server ends in the middle.
   */
  call(request: CommandRequest, io: CommandIo): Promise<unknown>;
  close(): void;
}

/**
 * Looks for the running server of a project.
 *
 * @param version of the plugin that asks: another one may mean other things by the same words.
 * @returns `undefined` where none listens; a socket that a dead process left behind counts as none.
 * @throws {CommandError} where one is there that cannot be used: silent, of another user, of another version.
 */
export async function reachServer(appRoot: string, version: string): Promise<ReachedServer | undefined> {
  const place = socketPlaceOf(appRoot);
  if (!place) return undefined;
  if ((await checkSocketFolder(place)) === 'foreign') throw foreignFolder(place);
  const socket = await tryOpen(place.socket);
  if (socket) return greet(socket, place, version);
  await refuseOtherUsers(appRoot);
  return undefined;
}

async function tryOpen(path: string): Promise<Socket | undefined> {
  try {
    return await openSocket(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') return undefined;
    throw error;
  }
}

async function greet(socket: Socket, place: SocketPlace, version: string): Promise<ReachedServer> {
  const lines = readValues(socket)[Symbol.asyncIterator]();
  const timer = setTimeout(() => socket.destroy(), HELLO_MS);
  const first = await lines.next();
  clearTimeout(timer);
  const hello = serverLineSchema.safeParse(first.value);
  if (first.done === true || !hello.success || !('hello' in hello.data)) {
    socket.destroy();
    throw await silent(place);
  }
  const about = hello.data.hello;
  if (about.version !== version) {
    socket.destroy();
    throw new CommandError({
      code: 'OTHER_VERSION',
      message: `The running server (process ${about.pid}) has version ${about.version} of the plugin, this command has ${version}.`,
      fix: 'Restart the server, or run the command of the version that it runs.',
    });
  }
  return {
    about,
    call: (request, io) => converse(socket, lines, request, version, io),
    close: () => {
      socket.destroy();
    },
  };
}

async function converse(
  socket: Socket,
  lines: AsyncIterator<unknown>,
  request: CommandRequest,
  version: string,
  io: CommandIo,
): Promise<unknown> {
  const cancel = (): void => {
    sendLine(socket, { cancel: true });
  };
  sendLine(socket, { version, request });
  if (io.signal.aborted) cancel();
  io.signal.addEventListener('abort', cancel, { once: true });
  try {
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
      const line = serverLineSchema.parse(next.value);
      if ('event' in line) io.tell(line.event);
      else if ('error' in line) throw new CommandError(line.error);
      else if ('answer' in line) return line.answer;
    }
  } finally {
    io.signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
  throw new CommandError({
    code: 'SERVER_GONE',
    message: 'The server ended before it had answered.',
    fix: 'Look at the server log, and at the history with: s3-sync runs',
  });
}

async function silent({ about }: SocketPlace): Promise<CommandError> {
  const known = serverAboutSchema.safeParse(await readJson(about));
  const who = known.success ? ` (${known.data.host}, process ${known.data.pid})` : '';
  return new CommandError({
    code: 'SERVER_SILENT',
    message: `The server of this project${who} is there, but does not answer.`,
    fix: 'Wait until it answers again, or stop it: beside a live server nothing may write to the database.',
  });
}

async function refuseOtherUsers(appRoot: string): Promise<void> {
  for (const uid of await findOtherUsers()) {
    const place = socketPlaceOf(appRoot, uid);
    if (place && (await isServed(place))) throw otherUser(uid);
  }
}

/**
 * A server of another user has its socket where only that user, or root, can open it. That others cannot says nothing: the
 * folder may be one of other projects, or left behind.
 */
async function isServed({ socket }: SocketPlace): Promise<boolean> {
  try {
    const opened = await tryOpen(socket);
    opened?.destroy();
    return opened !== undefined;
  } catch (error) {
    return errorCode(error) === 'EACCES' && (await isBound(socket));
  }
}

function foreignFolder({ folder }: SocketPlace): CommandError {
  return new CommandError({
    code: 'FOREIGN_FOLDER',
    message: `The folder ${folder} belongs to someone else, or others can open it, so nothing there is trusted.`,
    fix: 'Look who made it, then remove it and restart the server.',
  });
}

async function readJson(path: string): Promise<unknown> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return value;
  } catch {
    return undefined;
  }
}
