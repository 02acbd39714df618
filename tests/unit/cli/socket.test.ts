import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError } from '../../../server/src/commands/CommandError';
import type { CommandEvent, CommandIo, CommandRequest } from '../../../server/src/commands/contract';
import { CommandServer } from '../../../server/src/socket/CommandServer';
import { currentUid } from '../../../server/src/socket/currentUser';
import { isBound, readOwner } from '../../../server/src/socket/otherUsers';
import { reachServer } from '../../../server/src/socket/reachServer';
import { socketPlaceOf } from '../../../server/src/socket/socketPlace';

const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };

let appRoot: string;
let server: CommandServer;
let execute: jest.Mock<Promise<unknown>, [CommandRequest, CommandIo]>;

function makeServer(version = '1.0.0'): CommandServer {
  return new CommandServer({
    appRoot,
    log,
    commands: { version, execute, findServer: async () => undefined, settle: async () => undefined },
  });
}

const io = (signal = new AbortController().signal, tell: (event: CommandEvent) => void = () => undefined) => ({
  signal,
  tell,
});

beforeEach(() => {
  appRoot = mkdtempSync(path.join(tmpdir(), 's3-sync-socket-'));
  execute = jest.fn((_request: CommandRequest, _io: CommandIo): Promise<unknown> => Promise.resolve({ lastRun: null }));
  server = makeServer();
});
afterEach(async () => {
  await server.stop();
  rmSync(appRoot, { recursive: true, force: true });
});

describe('The socket of a server', () => {
  test('has a short path that is the same through a link, and another one for another project', () => {
    const link = `${appRoot}-link`;
    symlinkSync(appRoot, link);
    const place = socketPlaceOf(appRoot);
    expect(socketPlaceOf(link)).toEqual(place);
    rmSync(link);
    expect(place?.socket).toMatch(/\/s3-sync-\d+\/[0-9a-f]{16}\.sock$/);
    expect(socketPlaceOf(realpathSync(tmpdir()))?.socket).not.toBe(place?.socket);
  });

  test('carries a request, events and the answer', async () => {
    execute.mockImplementation(async (_request, told) => {
      told.tell({ kind: 'waiting', message: 'one moment' });
      return { a: 1 };
    });
    await server.start();
    const reached = await reachServer(appRoot, '1.0.0');
    const events: CommandEvent[] = [];
    const answer = await reached?.call(
      { command: 'status' },
      io(undefined, (event) => events.push(event)),
    );
    expect(answer).toEqual({ a: 1 });
    expect(events).toEqual([{ kind: 'waiting', message: 'one moment' }]);
    expect(reached?.about.pid).toBe(process.pid);
    expect(execute.mock.calls[0]?.[0]).toEqual({ command: 'status' });
  });

  test('carries errors with their words', async () => {
    execute.mockRejectedValue(new CommandError({ code: 'BUSY', message: 'A run goes on.', fix: 'Wait.' }));
    await server.start();
    const reached = await reachServer(appRoot, '1.0.0');
    await expect(reached?.call({ command: 'test' }, io())).rejects.toMatchObject({
      code: 'BUSY',
      message: 'A run goes on.',
      fix: 'Wait.',
    });
  });

  test('carries the wish to give up', async () => {
    execute.mockImplementation(
      (_request, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve({ cancelled: true });
          });
        }),
    );
    await server.start();
    const controller = new AbortController();
    const reached = await reachServer(appRoot, '1.0.0');
    const answer = reached?.call({ command: 'plan', wait: false }, io(controller.signal));
    setTimeout(() => {
      controller.abort();
    }, 50);
    expect(await answer).toEqual({ cancelled: true });
  });

  test('a command of another version is refused on both sides', async () => {
    await server.start();
    await expect(reachServer(appRoot, '2.0.0')).rejects.toMatchObject({ code: 'OTHER_VERSION' });
    const said = await say('{"version":"2.0.0","request":{"command":"status"}}\n');
    expect(said).toContain('"code":"OTHER_VERSION"');
    expect(execute).not.toHaveBeenCalled();
  });

  test.each(['no json\n', '{"version":"1.0.0","request":{"command":"rm -rf"}}\n', '[]\n'])(
    'what is no request (%j) is not carried out and does no harm',
    async (line) => {
      await server.start();
      await say(line);
      expect(execute).not.toHaveBeenCalled();
      expect(await (await reachServer(appRoot, '1.0.0'))?.call({ command: 'status' }, io())).toEqual({ lastRun: null });
    },
  );

  test('is left to the process that has it, and taken over when that has ended', async () => {
    await server.start();
    const second = makeServer();
    await second.start();
    await server.stop();
    expect(await reachServer(appRoot, '1.0.0')).toBeUndefined();
    await second.start();
    const reached = await reachServer(appRoot, '1.0.0');
    expect(reached).toBeDefined();
    reached?.close();
    await second.stop();
  });

  test('that cannot be made is told once in the log, and hurts nothing', async () => {
    rmSync(appRoot, { recursive: true });
    log.warn.mockClear();
    const unreachable = makeServer();
    await unreachable.start();
    await unreachable.start();
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.warn).toHaveBeenCalledWith(expect.stringContaining('The command line cannot reach this server: '));
    mkdirSync(appRoot);
    await unreachable.start();
    const reached = await reachServer(appRoot, '1.0.0');
    expect(reached).toBeDefined();
    reached?.close();
    await unreachable.stop();
  });

  test('is seen also by those who cannot open it', async () => {
    const { socket } = socketPlaceOf(appRoot) ?? { socket: '' };
    expect(await isBound(socket)).toBe(false);
    await server.start();
    // Only Linux tells.
    expect(await isBound(socket)).toBe(existsSync('/proc/net/unix'));
    await server.stop();
    expect(await isBound(socket)).toBe(false);
    expect(await readOwner(process.pid)).toBe(existsSync('/proc/self/status') ? currentUid() : undefined);
    expect(await readOwner(2 ** 30)).toBeUndefined();
  });

  test('is gone after the end, which waits for what is being answered', async () => {
    let finish = (): void => undefined;
    execute.mockImplementation(
      () =>
        new Promise((resolve) => {
          finish = () => {
            resolve('late');
          };
        }),
    );
    await server.start();
    const reached = await reachServer(appRoot, '1.0.0');
    const answer = reached?.call({ command: 'status' }, io());
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stopped = server.stop();
    finish();
    expect(await answer).toBe('late');
    await stopped;
    const place = socketPlaceOf(appRoot);
    const left = readdirSync(place?.folder ?? '').filter((name) =>
      name.startsWith(path.basename(place?.about ?? '', '.json')),
    );
    expect(left).toEqual([]);
    expect(await reachServer(appRoot, '1.0.0')).toBeUndefined();
  });
});

/** Sends a line as it is, and returns all that comes back. */
function say(line: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(socketPlaceOf(appRoot)?.socket ?? '');
    socket.on('data', (chunk) => {
      said += chunk.toString();
    });
    socket.on('close', () => {
      resolve(said);
    });
    socket.on('error', () => undefined);
    socket.write(line);
  });
}
