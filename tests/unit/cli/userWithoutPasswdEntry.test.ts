import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandServer } from '../../../server/src/socket/CommandServer';
import { currentUserName } from '../../../server/src/socket/currentUser';
import { reachServer } from '../../../server/src/socket/reachServer';

// As Node does for `docker --user 1001`: nobody in /etc/passwd has this id.
jest.mock('node:os', () => ({
  ...jest.requireActual<object>('node:os'),
  userInfo: () => {
    throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)');
  },
}));

const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };

let appRoot: string;
beforeEach(() => {
  appRoot = mkdtempSync(path.join(tmpdir(), 's3-sync-nobody-'));
  jest.replaceProperty(process, 'env', { PATH: process.env.PATH });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(appRoot, { recursive: true, force: true });
});

describe('A user without an entry in the list of users', () => {
  test('has a server that answers all the same', async () => {
    const commands = {
      version: '1.0.0',
      execute: async () => ({ a: 1 }),
      findServer: async () => undefined,
      settle: async () => undefined,
    };
    const server = new CommandServer({ appRoot, log, commands });
    await server.start();
    const reached = await reachServer(appRoot, '1.0.0');
    const io = { signal: new AbortController().signal, tell: () => undefined };
    expect(await reached?.call({ command: 'status' }, io)).toEqual({ a: 1 });
    await server.stop();
    expect(log.warn).not.toHaveBeenCalled();
  });

  test('is called by what the environment says, else by the id', () => {
    expect(currentUserName()).toBe(String(process.geteuid?.()));
    process.env.LOGNAME = 'login';
    expect(currentUserName()).toBe('login');
    process.env.USER = 'node';
    expect(currentUserName()).toBe('node');
  });
});
