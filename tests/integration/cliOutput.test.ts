import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { version } from '../../package.json';
import type { CommandIo, CommandRequest } from '../../server/src/commands/contract';
import { CommandServer } from '../../server/src/socket/CommandServer';
import { CommandLine } from '../support/CommandLine';
import { makeReport } from '../support/makeReport';
import { repositoryRoot } from '../support/testApp';

const OPERATIONS = 20_000;
const PER_EVENT = 500;

const log = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };

let project: string;
let server: CommandServer;
let cli: CommandLine;
let requests: CommandRequest[];
/** What the server of the project answers. */
let execute: (request: CommandRequest, io: CommandIo) => Promise<unknown>;

beforeAll(async () => {
  project = realpathSync(mkdtempSync(path.join(tmpdir(), 's3-sync-output-')));
  mkdirSync(path.join(project, 'config'));
  mkdirSync(path.join(project, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ dependencies: { '@strapi/strapi': '*' } }));
  cli = new CommandLine(project);
  symlinkSync(path.join(repositoryRoot, 'bin', 's3-sync.js'), cli.bin);
  server = new CommandServer({
    appRoot: project,
    log,
    commands: {
      version,
      execute: (request, io) => {
        requests.push(request);
        return execute(request, io);
      },
      findServer: async () => undefined,
      settle: async () => undefined,
    },
  });
  await server.start();
});
afterAll(async () => {
  await server.stop();
  rmSync(project, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
});

/** A shell in which all parts of a pipe count. */
const inShell = (line: (command: string) => string) => (command: string) => {
  const args = ['-c', `set -o pipefail; ${line(command)}`];
  return ['bash', args] satisfies [string, string[]];
};

async function answerLargePlan(_request: CommandRequest, io: CommandIo): Promise<unknown> {
  for (let from = 0; from < OPERATIONS; from += PER_EVENT) {
    const operations = Array.from({ length: PER_EVENT }, (_, index) => ({
      key: `uploads/a-file-with-a-rather-long-name-${from + index}.jpg`,
      action: 'upload' as const,
      cause: 'not-in-bucket' as const,
      reason: 'not in the bucket',
      size: 1,
    }));
    io.tell({ kind: 'operations', operations });
  }
  return { report: makeReport(), failures: [] };
}

describe('What the command line prints', () => {
  test('reaches a slow reader whole, on both pipes', async () => {
    execute = answerLargePlan;
    const through = inShell((command) => `${command} | (sleep 1; cat)`);
    const json = await cli.run(['sync', '--dry-run', '--json'], { through });
    expect(json.code).toBe(0);
    const document: unknown = JSON.parse(json.stdout);
    expect(z.object({ operations: z.array(z.unknown()) }).parse(document).operations).toHaveLength(OPERATIONS);
    const text = await cli.run(['sync', '--dry-run'], { through });
    expect(text.stdout).toMatch(/\n20,000 operations\. Nothing was done: this is a dry run\.\n$/);

    const failures = Array.from({ length: OPERATIONS }, (_, index) => ({
      key: `uploads/${index}`,
      message: 'No.',
      fix: '',
      code: 'ACCESS_DENIED',
    }));
    execute = async () => ({ report: makeReport({ status: 'partial' }), failures });
    const toSlowStderr = inShell((command) => `${command} 2>&1 >/dev/null | (sleep 1; cat)`);
    const noted = await cli.run(['sync', '--dry-run'], { through: toSlowStderr });
    expect(noted.code).toBe(4);
    expect(noted.stdout.trim().split('\n')).toHaveLength(OPERATIONS);
  });

  test('may be cut off by its reader, and that is no error', async () => {
    execute = answerLargePlan;
    const through = inShell((command) => `${command} | head -1`);
    const first = await cli.run(['sync', '--dry-run', '--json'], { through });
    expect(first).toEqual({ code: 0, stdout: '{\n', stderr: '' });
    const both = inShell((command) => `${command} 2>&1 | head -1`);
    expect(await cli.run(['sync', '--dry-run'], { through: both })).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('Options', () => {
  test('may stand before the command', async () => {
    execute = async () => ({ run: { id: 1, trigger: 'cli', startedAt: '', ...makeReport() }, failures: [] });
    const done = await cli.run(['--json', '--wait', 'sync']);
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(JSON.parse(done.stdout)).toMatchObject({ id: 1, status: 'done' });
    expect(requests).toMatchObject([{ command: 'sync', wait: true }]);
    expect(await cli.run(['--json', '--version'])).toMatchObject({ code: 0, stderr: '' });
    expect((await cli.run(['--help', 'sync'])).stdout).toContain('Usage: s3-sync sync');
    expect((await cli.run(['help', 'sync'])).stdout).toContain('Usage: s3-sync sync');
    expect((await cli.run(['--help'])).code).toBe(0);
  });

  test('alone are no command, exit 2', async () => {
    const alone = await cli.run(['--json']);
    expect(alone.code).toBe(2);
    expect(JSON.parse(alone.stdout)).toHaveProperty('help');
    const unknown = await cli.run(['--josn']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('There is no option --josn. Did you mean --json?');
  });
});

describe('init', () => {
  const item = (name: string, value: unknown, source = 'database') => ({ item: name, value, source });
  const settings = (items: object[]) => ({ items, credentials: 'config', problems: [] });
  const full = [item('bucket_name', 'b'), item('aws_region', 'r'), item('mode', 'SINGLE'), item('prefix', 'site/')];

  test.each([
    [['--bucket-name=', '--aws-region=', '--mode=SINGLE'], 'Missing: --bucket-name, --aws-region. Nothing was saved.'],
    [['--bucket-name=', '--aws-region=', '--mode='], 'Missing: --bucket-name, --aws-region, --mode.'],
    [['--bucket-name', ' ', '--aws-region=r', '--mode=SINGLE', '--prefix='], 'Missing: --bucket-name, --prefix.'],
    [['--bucket-name=b', '--aws-region=r', '--mode=SINGLE', '--endpoint='], 'Missing: --endpoint.'],
  ])('takes empty values (%j) for missing ones and saves nothing, exit 2', async (options, message) => {
    execute = async () => settings(full);
    const refused = await cli.run(['init', ...options]);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
    expect(requests.filter(({ command }) => command === 'save')).toEqual([]);
  });

  test('says whether something was saved', async () => {
    const args = ['init', '--bucket-name=b', '--aws-region=r', '--mode=SINGLE'];
    execute = async ({ command }) => settings(command === 'save' ? full : [item('mode', 'MULTI'), ...full.slice(1)]);
    expect((await cli.run(args)).stderr).toBe('Saved. Try the connection with: s3-sync test\n');
    execute = async () => settings(full);
    expect((await cli.run(args)).stderr).toBe(
      'Nothing was to be saved: it is set so already. Try the connection with: s3-sync test\n',
    );
  });
});

describe('status', () => {
  test('shows what the page shows', async () => {
    const sides = { local: { files: 1234, bytes: 5_000_000 }, remote: { files: 1, bytes: 10 } };
    const run = { id: 7, trigger: 'cli', startedAt: '', endedAt: '2026-01-02T03:04:05.000Z', ...makeReport() };
    execute = async () => ({
      problems: [],
      state: 'in-step',
      instances: [],
      lastLook: { at: '2026-01-02T03:04:06.000Z', status: 'done', sides },
      next: { scanAt: '2026-01-02T03:05:00.000Z', reconcileAt: '2026-01-02T06:00:00.000Z' },
      lastRun: run,
    });
    const { code, stdout } = await cli.run(['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^State +in step: at the last look, the bucket and the files here were the same$/m);
    expect(stdout).toMatch(/^Files here +1,234 files, 5\.0 MB$/m);
    expect(stdout).toMatch(/^In the bucket +1 file, 10 B$/m);
    expect(stdout).toMatch(/^Last look +2026-01-02T03:04:06\.000Z$/m);
    expect(stdout).toMatch(/^Last run +2026-01-02T03:04:05\.000Z Done \(run 7, /m);
    expect(stdout).toMatch(/^Next look +2026-01-02T03:05:00\.000Z at the files here$/m);
    expect(stdout).toMatch(/^Next run +2026-01-02T06:00:00\.000Z of both sides$/m);
  });
});
