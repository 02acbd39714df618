import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { endOfStart, listRuns, startNow } from '../support/runs';
import { localFiles, NO_TIMERS, SiteBucket } from '../support/SiteBucket';
import { cephStore, startInProjectStore, type Store } from '../support/stores';
import { startStrapiProcess, type ProcessOptions, type StrapiProcess } from '../support/strapi';
import { pause, waitUntil } from '../support/waitUntil';

describe('two server processes of one site on PostgreSQL', () => {
  let store: Store & { server?: { close(): Promise<void> } };
  let postgres: PostgresServer;
  let bucket: SiteBucket;
  let started: StrapiProcess[] = [];

  beforeAll(async () => {
    store = cephStore() ?? (await startInProjectStore());
  });
  afterAll(() => store.server?.close());
  beforeEach(async () => {
    [postgres, bucket] = await Promise.all([startPostgres(), SiteBucket.create(store)]);
  });
  afterEach(async () => {
    await Promise.all(started.map(end));
    started = [];
    await postgres.stop();
  });

  async function start(options: ProcessOptions): Promise<StrapiProcess> {
    const app = await startStrapiProcess({ plugin: 'built', connection: postgres.connection, ...options });
    started.push(app);
    return app;
  }

  async function end(app: StrapiProcess): Promise<void> {
    await app.stop({ keepApp: true });
    rmSync(app.appDir, { recursive: true, force: true });
  }

  test('that share one directory sync it in turn', async () => {
    const pluginConfig = bucket.config({ ...NO_TIMERS, mode: 'MULTI' });
    const one = await start({ pluginConfig });
    const { id } = await endOfStart(one);
    const other = await start({ pluginConfig, publicDir: one.publicDir });
    // It looks at everything, and might meet a file that is just being written.
    await endOfStart(other, id);
    for (let round = 0; round < 4; round += 1) {
      await Promise.all(
        [one, other].map((app, index) =>
          app.admin
            .post('/upload')
            .attach('files', Buffer.from(`${index} in round ${round}`), `file-${index}.txt`)
            .expect(201),
        ),
      );
    }
    await bucket.waitUntilInStep(one.publicDir);
    expect(Object.keys(localFiles(one.publicDir))).toHaveLength(8);
    const runs = await listRuns(one);
    expect(runs.filter(({ status }) => status !== 'done' && status !== 'running')).toEqual([]);
  });

  test('in SINGLE mode the new one of a rolling deploy waits for the old one and then goes on', async () => {
    const pluginConfig = bucket.config(NO_TIMERS);
    const old = await start({ pluginConfig });
    await endOfStart(old);
    writeFileSync(path.join(old.publicDir, 'uploads', 'shared.txt'), 'of both');
    await startNow(old);
    await bucket.waitUntilInStep(old.publicDir);

    const newDir = `${old.publicDir}-new`;
    cpSync(path.join(old.publicDir, 'uploads', 'shared.txt'), path.join(newDir, 'uploads', 'shared.txt'));
    writeFileSync(path.join(newDir, 'uploads', 'new.txt'), 'only in the new release');
    const young = await start({ pluginConfig, publicDir: newDir });
    await waitUntil('it says that it waits', async () =>
      young.logs().includes('is still running. In SINGLE mode this one waits') ? true : undefined,
    );
    const runs = await listRuns(young);
    await pause(6_000);
    expect((await listRuns(young)).map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
    expect(await bucket.objects()).toEqual(localFiles(old.publicDir));

    // SIGTERM takes it out: nobody waits for its heartbeat to end.
    started = [young];
    await old.stop({ keepApp: true });
    await bucket.waitUntilInStep(newDir);
    expect(Object.keys(await bucket.objects())).toEqual(['uploads/new.txt', 'uploads/shared.txt']);
    expect(existsSync(path.join(newDir, 'uploads', 'new.txt'))).toBe(true);
    rmSync(old.appDir, { recursive: true, force: true });
  });
});
