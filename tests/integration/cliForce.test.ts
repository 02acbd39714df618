import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandEvent, CommandIo, SyncAnswer } from '../../server/src/commands/contract';
import { answers } from '../../server/src/commands/contract';
import { type Services, servicesOf } from '../../server/src/services';
import { createDatabaseClock } from '../../server/src/services/databaseClock';
import { createInstances } from '../../server/src/services/instances';
import { createLog } from '../../server/src/services/log';
import { identifyProcess } from '../../server/src/services/ProcessIdentity';
import type { StartOutcome } from '../../server/src/services/runner';
import type { S3Server } from '../support/s3-server/startS3Server';
import { NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

const FILES = 30;

let store: Store & { server: S3Server };
let app: StartedStrapi;
let bucket: SiteBucket;
let services: Services;

beforeAll(async () => {
  store = await startInProjectStore();
  bucket = await SiteBucket.create(store);
  app = await startStrapi({ pluginConfig: bucket.config({ ...NO_TIMERS, syncOn: { enabled: false } }) });
  services = servicesOf(app.strapi);
  await waitUntil('the run of the start', async () => (await services.status.read()).lastRun);
  await services.runner.idle();
});
afterAll(async () => {
  await app.stop();
  await store.server.close();
});
beforeEach(() => {
  store.server.clearFaults();
});

const upload = (index: number): string => path.join(app.publicDir, 'uploads', `file-${index}.txt`);

async function sync(force: boolean, io: Partial<CommandIo> = {}): Promise<SyncAnswer> {
  const request = { command: 'sync', scope: 'whole', force, wait: false } as const;
  const answer = await services.commands.execute(request, {
    signal: new AbortController().signal,
    tell: () => undefined,
    ...io,
  });
  return answers.sync.parse(answer);
}

/** A bucket full of files that are gone here, so that a guard withholds their deletes; and one that is new here. */
async function provokeGuard(): Promise<void> {
  for (let index = 0; index < FILES; index += 1) writeFileSync(upload(index), `content of ${index}`);
  expect((await sync(false)).run).toMatchObject({ status: 'done' });
  for (let index = 0; index < FILES; index += 1) rmSync(upload(index));
  writeFileSync(upload(FILES), `new at ${Date.now()}`);
}

let scan: Promise<StartOutcome> | undefined;
afterEach(async () => {
  const outcome = await scan;
  if (outcome?.kind === 'started') await outcome.ended;
});

/** A scan takes the place between two runs of a command, and keeps it for a while. */
function scanInBetween({ kind }: CommandEvent): void {
  if (kind !== 'forcing') return;
  store.server.fault({ kind: 'delay', ms: 500, match: { operation: 'ListObjectsV2' } });
  scan = services.runner.start({ trigger: 'scan' });
}

describe('sync --force', () => {
  test('waits for a scan that begins after the guard has refused', async () => {
    await provokeGuard();
    const events: CommandEvent[] = [];
    const { run } = await sync(true, {
      tell: (event) => {
        events.push(event);
        scanInBetween(event);
      },
    });
    expect(run).toMatchObject({ status: 'done', uploaded: 1, deletedRemote: FILES });
    expect(events.map(({ kind }) => kind)).toContain('waiting');
    expect(Object.keys(await bucket.objects())).toEqual([`uploads/file-${FILES}.txt`]);
  });

  test('that is cancelled while it waits tells what its first run has done', async () => {
    await provokeGuard();
    const giveUp = new AbortController();
    const { run } = await sync(true, {
      signal: giveUp.signal,
      tell: (event) => {
        scanInBetween(event);
        if (event.kind === 'waiting') giveUp.abort();
      },
    });
    expect(run).toMatchObject({ status: 'cancelled', uploaded: 1, deletedRemote: 0 });
  });

  test('that cannot go on tells what its first run has done, and why', async () => {
    await sync(true);
    await provokeGuard();
    const state = await services.settings.read();
    const read = jest.spyOn(services.settings, 'read');
    const { run } = await sync(true, {
      tell: ({ kind }) => {
        const problems = [{ code: 'BUCKET_MISSING', message: 'Enter the name of the bucket.' }];
        if (kind === 'forcing') read.mockResolvedValue({ ...state, problems });
      },
    });
    read.mockRestore();
    expect(run).toMatchObject({ status: 'failed', uploaded: 1, error: { code: 'BUCKET_MISSING' } });
  });
});

describe('The servers beside a command', () => {
  const instancesOf = (host: string) =>
    createInstances(app.strapi, { ...identifyProcess(), host }, createDatabaseClock(app.strapi), createLog(app.strapi));

  test('are seen before they can sync, and stand in nobody’s way until then', async () => {
    const bare = instancesOf('bare');
    await bare.listens('/bare/public');
    await bare.listens('/bare/public');
    expect(await services.instances.servers()).toMatchObject([{ host: 'bare', directory: '/bare/public' }]);
    expect(await services.instances.findOther('mine')).toBeUndefined();
    expect((await services.instances.list()).map(({ host }) => host)).not.toContain('bare');
    await bare.enter({ directory: '/bare/public', directoryId: 'bare', mode: 'MULTI' });
    await bare.listens('/bare/public');
    expect(await services.instances.findOther('mine')).toEqual({ host: 'bare', directory: '/bare/public' });
    expect(await services.instances.servers()).toHaveLength(1);
    await bare.leave();
    expect(await services.instances.servers()).toEqual([]);
  });

  test('are not those that only sync, until they listen', async () => {
    const command = instancesOf('command');
    await command.enter({ directory: '/c/public', directoryId: 'c', mode: 'MULTI' });
    expect((await services.instances.list()).map(({ host }) => host)).toContain('command');
    expect(await services.instances.servers()).toEqual([]);
    await command.listens('/c/public');
    expect(await services.instances.servers()).toMatchObject([{ host: 'command' }]);
    await command.leave();
  });
});
