import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { currentUid } from '../../server/src/socket/currentUser';
import { socketPlaceOf } from '../../server/src/socket/socketPlace';
import { CommandLine, type CommandResult, whenSaid } from '../support/CommandLine';
import { type AppWithPlugin, appWithPlugin, packPlugin } from '../support/pluginForms';
import { listRuns } from '../support/runs';
import { refusePuts } from '../support/refusePuts';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { REALEST_STORE, startRealestStore, type Store } from '../support/stores';
import { startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { TcpProxy } from '../support/TcpProxy';
import { waitUntil } from '../support/waitUntil';

/** A user without rights, on every Linux. */
const NOBODY = 65_534;

let store: Store;
let closeStore: () => Promise<void>;
let proxy: TcpProxy;
let app: AppWithPlugin;
let strapi: StrapiProcess;
let bucket: SiteBucket;
let cli: CommandLine;
/** A temporary folder of this file's own: its sockets are nobody else's. */
let temporary: string;
let env: { TMPDIR: string };

beforeAll(async () => {
  ({ store, close: closeStore } = await startRealestStore());
  proxy = await TcpProxy.start(store.endpoint);
  temporary = mkdtempSync(path.join(tmpdir(), 's3-sync-cli-'));
  env = { TMPDIR: temporary };
  const { tarball } = await packPlugin(temporary);
  bucket = await SiteBucket.create(store);
  app = await appWithPlugin('unpacked', tarball);
  strapi = await startStrapiProcess({
    ...app.options,
    pluginConfig: pluginConfig(),
    env: { ...app.options.env, ...env },
  });
  cli = new CommandLine(strapi.appDir);
  await waitUntil('the run of the start', async () =>
    (await listRuns(strapi)).find(({ status }) => status !== 'running'),
  );
});
afterAll(async () => {
  await strapi.stop({ keepApp: true });
  app.remove();
  await proxy.close();
  await closeStore();
  rmSync(temporary, { recursive: true, force: true });
});
afterEach(() => {
  proxy.mend();
});

/** No automatic syncs, and one upload after the other. */
const pluginConfig = () =>
  bucket.config({ ...NO_TIMERS, endpoint: proxy.endpoint, syncOn: { enabled: false }, concurrency: 1 });

const run = (args: string[], more: Parameters<CommandLine['run']>[1] = {}) => cli.run(args, { env, ...more });

let written = 0;
function writeFiles(count: number): void {
  for (let index = 0; index < count; index += 1) {
    written += 1;
    writeFileSync(path.join(strapi.publicDir, 'uploads', `file-${written}.txt`), `content of ${written}`);
  }
}

/** Uploads take so long each, in ms. */
const slowDown = (ms: number) => {
  proxy.slowDown(ms);
};

/** Waits for a run that goes on. */
const untilRunning = () =>
  waitUntil('a run', async () => (await listRuns(strapi)).find(({ status }) => status === 'running'));

const countUploaded = async () => Object.keys(await bucket.objects()).length;

/** A server of the test's own at the place of the real one's socket. */
async function listenAt(socket: string, hello: object | undefined): Promise<Server> {
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    if (hello !== undefined) connection.write(`${JSON.stringify({ hello })}\n`);
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  return server;
}

/** Runs a command on a terminal of its own; what is printed comes together. */
const onTerminal = (command: string): [string, string[]] => ['script', ['-qefc', command, '/dev/null']];

describe(`Runs of the command line [${REALEST_STORE}]`, () => {
  test('a second sync names the run that goes on and exits 1; with --wait it waits for its turn', async () => {
    writeFiles(8);
    proxy.hold();
    const first = run(['sync', '--json']);
    const running = await untilRunning();
    const second = await run(['sync', '--json']);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.stdout)).toMatchObject({ error: { code: 'BUSY' } });
    expect(second.stderr).toContain(`It is run ${running.id} (cli), started by ${userInfo().username}`);
    for (const args of [['sync', '--dry-run'], ['restore']]) {
      expect(await run(args)).toMatchObject({ code: 1, stdout: '' });
    }
    const third = await run(['sync', '--wait', '--json'], {
      onStderr: whenSaid(/Waiting\./, () => {
        proxy.mend();
      }),
    });
    expect(third.code).toBe(0);
    expect(third.stderr).toContain('Waiting. A sync is running already.');
    expect(JSON.parse((await first).stdout)).toMatchObject({ status: 'done', uploaded: 8 });
    expect(JSON.parse(third.stdout)).toMatchObject({ status: 'done', uploaded: 0 });
  });

  test('Ctrl-C cancels the run, exit 130; what is done stays done', async () => {
    writeFiles(30);
    slowDown(100);
    const before = await countUploaded();
    const { code, stdout } = await run(['sync', '--json', '--verbose'], {
      // Once a second file is begun the first one is done.
      onStderr: whenSaid(/uploads\/file-.*\n.*uploads\/file-/, (child) => child.kill('SIGINT')),
    });
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled' });
    expect((await listRuns(strapi))[0]).toMatchObject({ status: 'cancelled', trigger: 'cli' });
    const after = await countUploaded();
    expect(after).toBeGreaterThan(before);
    expect(after).toBeLessThan(written);
    proxy.mend();
    expect(JSON.parse((await run(['sync', '--json'])).stdout)).toMatchObject({
      status: 'done',
      uploaded: written - after,
    });
  });

  test('Ctrl-C cancels a restore, exit 130', async () => {
    for (let index = 1; index <= 20; index += 1) rmSync(path.join(strapi.publicDir, 'uploads', `file-${index}.txt`));
    slowDown(150);
    const cancelled = await run(['restore', '--json', '--verbose'], {
      onStderr: whenSaid(/uploads\/file-/, (child) => child.kill('SIGINT')),
    });
    expect(cancelled.code).toBe(130);
    expect(JSON.parse(cancelled.stdout)).toMatchObject({ status: 'cancelled', uploaded: 0 });
    proxy.mend();
    expect((await run(['restore'])).code).toBe(0);
  });

  test('Ctrl-C while it waits for its turn starts nothing, exit 130', async () => {
    writeFiles(6);
    proxy.hold();
    const first = run(['sync', '--json']);
    await untilRunning();
    const waiting = await run(['sync', '--wait'], {
      onStderr: whenSaid(/Waiting\./, (child) => child.kill('SIGINT')),
    });
    proxy.mend();
    expect(waiting).toMatchObject({ code: 130, stdout: '' });
    expect((await first).code).toBe(0);
    expect((await listRuns(strapi)).filter(({ status }) => status === 'running')).toEqual([]);
  });

  test('a command that is killed leaves its run to the server', async () => {
    writeFiles(6);
    slowDown(150);
    const killed = await run(['sync', '--verbose'], {
      onStderr: whenSaid(/uploads\/file-/, (child) => child.kill('SIGKILL')),
    });
    expect(killed.code).toBeNull();
    proxy.mend();
    const end = await waitUntil('the end', async () =>
      (await listRuns(strapi)).every(({ status }) => status !== 'running') ? await listRuns(strapi) : undefined,
    );
    expect(end[0]).toMatchObject({ status: 'done', uploaded: 6 });
  });

  test('progress is a bar on a terminal, else a line every few seconds', async () => {
    writeFiles(50);
    slowDown(150);
    const lines = await run(['sync', '--json'], {
      // One line is what is looked for; what is left may go up at once.
      onStderr: whenSaid(/ files /, () => {
        proxy.mend();
      }),
    });
    expect(lines.stderr).toMatch(/^\[[#-]{24}\] \d+ % {2}\d+\/\d+ files {2}\d+ B {2}.*\/s.*$/m);
    expect(lines.stderr).not.toContain('\r');
    expect(JSON.parse(lines.stdout)).toMatchObject({ uploaded: 50 });
    writeFiles(8);
    slowDown(100);
    const bar = await run(['sync'], { through: onTerminal });
    expect(bar.code).toBe(0);
    expect(bar.stdout).toMatch(/\r\u001b\[2K\[[#-]{24}\] \d+ %/);
    expect(bar.stdout).toContain('8 uploaded');
  });

  test('failures of a partial run are named with cause and fix; --json stays one document', async () => {
    writeFiles(25);
    const allowAgain = await refusePuts(store, bucket.name, 'uploads/file-*');
    const partial = await run(['sync', '--json']);
    expect(partial.code).toBe(4);
    expect(JSON.parse(partial.stdout)).toMatchObject({ status: 'partial', failed: { length: 25 } });
    expect(partial.stderr).toContain('s3:PutObject');
    expect(partial.stderr).toContain('and 5 more: s3-sync runs ');
    await allowAgain();
    expect((await run(['sync'])).code).toBe(0);
  });

  test('a pipe that closes early is no error', async () => {
    const through = (command: string): [string, string[]] => [
      'bash',
      ['-c', `set -o pipefail; ${command} | head -c 1`],
    ];
    expect(await run(['get', 'all', '--json'], { through })).toMatchObject({ code: 0, stdout: '{', stderr: '' });
    const jq = (command: string): [string, string[]] => ['bash', ['-c', `set -o pipefail; ${command} | jq .status`]];
    expect(await run(['sync', '--json'], { through: jq })).toMatchObject({ code: 0, stdout: '"done"\n' });
  });

  test('the socket lies in a folder that only its user can open, with who listens beside it', () => {
    const folder = path.join(temporary, `s3-sync-${userInfo().uid}`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const names = readdirSync(folder);
    expect(names.filter((name) => /^[0-9a-f]{16}\.sock$/.test(name))).toHaveLength(1);
    expect(names.filter((name) => /^[0-9a-f]{16}\.json$/.test(name))).toHaveLength(1);
  });

  test('a folder that others can open is not trusted, exit 1', async () => {
    const folder = path.join(temporary, `s3-sync-${userInfo().uid}`);
    chmodSync(folder, 0o755);
    const refused = await run(['sync']);
    chmodSync(folder, 0o700);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`The folder ${folder} belongs to someone else`);
  });

  test('a server that hangs is named, exit 1', async () => {
    process.kill(strapi.pid, 'SIGSTOP');
    const refused = await run(['set', 'trash_days', '5', '--json']);
    process.kill(strapi.pid, 'SIGCONT');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'SERVER_SILENT' } });
    expect(refused.stderr).toContain(`(${hostname()}, process ${strapi.pid}) is there, but does not answer.`);
  });

  test('a live server that cannot be reached keeps the command from writing, exit 1', async () => {
    const elsewhere = mkdtempSync(path.join(temporary, 'elsewhere-'));
    const refused = await run(['set', 'trash_days', '5', '--json'], { env: { TMPDIR: elsewhere } });
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'SERVER_SILENT' } });
    expect(refused.stderr).toContain(`process ${strapi.pid}`);
    expect((await run(['get', 'trash_days'])).stdout).toBe('7\n');
  });

  test('another user, to whom the socket is closed, is told whose the server is, exit 1', async () => {
    if (currentUid() !== 0) {
      process.stderr.write('SKIPPED a command of another user: only root can run one.\n');
      return;
    }
    const asNobody = (command: string): [string, string[]] => [
      'setpriv',
      [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', ...command.split(' ')],
    ];
    for (const folder of [temporary, path.dirname(strapi.appDir)]) chmodSync(folder, 0o755);
    const refused = await run(['get', 'trash_days', '--json'], { through: asNobody });
    // Where it has another temporary folder, the heartbeat says who it is.
    execFileSync('chmod', ['-R', 'a+rwX', strapi.appDir]);
    const elsewhere = mkdtempSync(path.join(temporary, 'elsewhere-'));
    chmodSync(elsewhere, 0o777);
    const silent = await run(['set', 'trash_days', '5', '--json'], { through: asNobody, env: { TMPDIR: elsewhere } });
    for (const { code, stdout, stderr } of [refused, silent]) {
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'OTHER_USER' } });
      expect(stderr).toContain('The server of this project runs as another user (0)');
    }
  });

  test.each([
    ['another version', { host: hostname(), pid: 1, version: '99.0.0' }, userInfo().uid, 'has version 99.0.0'],
    ['another user', { host: hostname(), pid: 1, version: '99.0.0' }, 12_345, 'runs as another user (12345)'],
  ])('a server of %s is noticed, exit 1', async (_what, hello, uid, message) => {
    const elsewhere = mkdtempSync(path.join(temporary, 'e'));
    const place = placeIn(elsewhere, uid);
    mkdirSync(path.dirname(place), { mode: 0o700 });
    const server = await listenAt(place, hello);
    const refused = await run(['sync'], { env: { TMPDIR: elsewhere } });
    server.close();
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  test('a socket that a kill left behind is taken for none, and taken over; the end of a server removes it', async () => {
    const folder = path.join(temporary, `s3-sync-${userInfo().uid}`);
    await strapi.kill();
    expect(existsSync(socketOf(folder))).toBe(true);
    const alone: CommandResult = await run(['status', '--json']);
    expect(alone.code).toBe(0);
    expect(JSON.parse(alone.stdout)).toMatchObject({ server: null });
    const options = { ...app.options, env: { ...app.options.env, ...env }, databaseFile: strapi.databaseFile };
    strapi = await startStrapiProcess({ ...options, pluginConfig: pluginConfig() });
    await waitUntil('an answer', async () => {
      const { stdout } = await run(['status']);
      return stdout.includes(`process ${strapi.pid}`) ? true : undefined;
    });
    await strapi.stop({ keepApp: true });
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** Where the socket of the test's project would be in another temporary folder. */
function placeIn(folder: string, uid: number): string {
  const name = path.basename(socketPlaceOf(strapi.appDir)?.socket ?? '');
  return path.join(folder, `s3-sync-${uid}`, name);
}

function socketOf(folder: string): string {
  return path.join(folder, path.basename(socketPlaceOf(strapi.appDir)?.socket ?? ''));
}
