import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { errorCode } from '../../server/src/sync/errorCode';
import { makePng } from '../support/makePng';
import { MultiSite } from '../support/MultiSite';
import { listRuns, startNow } from '../support/runs';
import { cephStore, startInProjectStore, type Store } from '../support/stores';
import type { StrapiProcess } from '../support/strapi';
import { pause, waitUntil } from '../support/waitUntil';

/** The others hold a change after so long at the latest, in ms. */
const ALLOWED_MS = 5_000;

/** An editor would notice a wait for the bucket, which is given up after many seconds. */
const NOTICED_MS = 3_000;

const uploadAnswer = z.array(z.object({ id: z.number(), hash: z.string(), ext: z.string() })).min(1);
const trashAnswer = z.object({
  results: z.array(z.object({ id: z.string(), key: z.string(), why: z.string(), size: z.number() })),
  pagination: z.object({ total: z.number() }),
});
const statusAnswer = z.object({
  instances: z.array(
    z.object({
      directory: z.string(),
      mode: z.string(),
      alive: z.boolean(),
      current: z.boolean(),
      feedPosition: z.number().optional(),
      conditions: z
        .object({ putIfAbsent: z.boolean(), putIfMatch: z.boolean(), deleteIfMatch: z.boolean() })
        .optional(),
    }),
  ),
});

interface Uploaded {
  id: number;
  key: string;
}

async function upload(app: StrapiProcess, bytes: Buffer, name: string, replaced?: number): Promise<Uploaded> {
  const query = replaced === undefined ? '' : `?id=${replaced}`;
  const answer = await app.admin.post(`/upload${query}`).attach('files', bytes, name);
  expect([200, 201]).toContain(answer.status);
  const parsed = uploadAnswer.safeParse(answer.body);
  const single = uploadAnswer.element.safeParse(answer.body);
  const file = parsed.success ? parsed.data[0] : single.data;
  if (file === undefined) throw new Error(`The upload answered ${JSON.stringify(answer.body)}`);
  return { id: file.id, key: `uploads/${file.hash}${file.ext}` };
}

const fileOf = (app: StrapiProcess, key: string) => path.join(app.publicDir, key);

/** A file's bytes; `undefined` where it is not there, as for a moment while another version takes its place. */
function readIfThere(app: StrapiProcess, key: string): Buffer | undefined {
  try {
    return readFileSync(fileOf(app, key));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const trashOf = async (app: StrapiProcess) =>
  trashAnswer.parse((await app.admin.get('/s3-sync/trash?pageSize=100').expect(200)).body).results;

describe('three servers in MULTI mode on one PostgreSQL', () => {
  let store: Store & { server?: { close(): Promise<void> } };
  let site: MultiSite;
  let a: StrapiProcess;
  let b: StrapiProcess;
  let c: StrapiProcess;

  beforeAll(async () => {
    const ceph = cephStore();
    if (ceph === undefined)
      process.stderr.write('Ceph is not installed: several servers ran on the project’s own store.\n');
    store = ceph ?? (await startInProjectStore());
    site = await MultiSite.start(store, ['a', 'b', 'c'], { plugin: 'built', pluginConfig: { reconcileCron: null } });
    [a, b, c] = [site.app('a'), site.app('b'), site.app('c')];
  });
  afterAll(async () => {
    await site.stop();
    await store.server?.close();
  });

  /** How long it takes, in ms, until all other servers hold these bytes, or no file at all. */
  async function untilOthersHold(others: StrapiProcess[], key: string, bytes: Buffer | undefined): Promise<number> {
    const begun = performance.now();
    await waitUntil(`${key} on the other servers`, async () => {
      const holds = others.every((app) => {
        const held = readIfThere(app, key);
        return bytes === undefined ? held === undefined : held?.equals(bytes) === true;
      });
      return holds ? true : undefined;
    });
    return performance.now() - begun;
  }

  test('a file uploaded on one is on the others within 5 s, and a deletion likewise', async () => {
    const times: number[] = [];
    for (const name of ['one.txt', 'two.txt', 'three.txt']) {
      const bytes = Buffer.from(`bytes of ${name}`);
      const { id, key } = await upload(a, bytes, name);
      times.push(await untilOthersHold([b, c], key, bytes));
      await a.admin.delete(`/upload/files/${id}`).expect(200);
      times.push(await untilOthersHold([b, c], key, undefined));
    }
    // Other work on the machine may delay some of them, but not most.
    const median = times.toSorted((one, other) => one - other)[times.length / 2];
    expect(median).toBeLessThan(ALLOWED_MS);
    expect(Math.max(...times)).toBeLessThan(3 * ALLOWED_MS);
    await site.waitUntilEqual();
    await waitUntil('what was deleted is in the trash', async () =>
      (await trashOf(b)).filter(({ why }) => why === 'deleted').length >= 3 ? true : undefined,
    );
    expect((await trashOf(b)).filter(({ why }) => why === 'deleted')).toHaveLength(3);
  });

  test('an image with its formats reaches the others', async () => {
    const { key } = await upload(b, makePng(1_200, 600, 90), 'picture.png');
    const all = await site.waitUntilEqual();
    const hash = path.basename(key, '.png');
    expect(Object.keys(all).filter((one) => one.includes(hash))).toHaveLength(5);
  });

  test('two editors replace the same file at once: the same bytes everywhere, the other ones in a trash', async () => {
    const { id, key } = await upload(a, Buffer.from('first'), 'shared.txt');
    await untilOthersHold([b, c], key, Buffer.from('first'));
    await Promise.all([
      upload(a, Buffer.from('from the editor on a'), 'shared.txt', id),
      upload(b, Buffer.from('from the editor on b'), 'shared.txt', id),
    ]);
    await waitUntil('the first version is gone everywhere', async () => {
      const contents = [a, b, c].map((app) => readIfThere(app, key)?.toString());
      const isSettled = contents.every((one) => one !== undefined && one !== 'first');
      return isSettled && new Set(contents).size === 1 ? true : undefined;
    });
    await site.waitUntilEqual();
    const winner = readFileSync(fileOf(a, key), 'utf8');
    const loser = winner.endsWith('a') ? 'from the editor on b' : 'from the editor on a';
    const trashed = [a, b, c].flatMap((app) => readTrash(app, key, loser.length));
    expect(trashed).toContain(loser);
  });

  test('nothing is sent to the store while nothing changes', async () => {
    await site.waitUntilEqual();
    // The last changes are heard of, and what followed from them is done, once it has been quiet for longer than the
    // feed waits between two looks.
    const before = await waitUntil('it is quiet', async () => {
      const sent = site.proxy.sentBytes;
      await pause(3_000);
      return site.proxy.sentBytes === sent ? sent : undefined;
    });
    expect(before).toBeGreaterThan(0);
    await pause(5_000);
    expect(site.proxy.sentBytes).toBe(before);
  });

  test('a file from the trash lives: it is back everywhere and stays', async () => {
    const bytes = Buffer.from('deleted by mistake');
    const { id, key } = await upload(a, bytes, 'mistake.txt');
    await untilOthersHold([b, c], key, bytes);
    await a.admin.delete(`/upload/files/${id}`).expect(200);
    await untilOthersHold([b, c], key, undefined);
    const item = await waitUntil('it is in the trash', async () => (await trashOf(c)).find((one) => one.key === key));
    const answer = await c.admin.post(`/s3-sync/trash/${item.id}/restore`).expect(200);
    expect(answer.body).toEqual({ key });
    expect(await untilOthersHold([a, b], key, bytes)).toBeLessThan(3 * ALLOWED_MS);
    await c.admin.post(`/s3-sync/trash/${item.id}/restore`).expect(404);
    await pause(3_000);
    expect((await site.waitUntilEqual())[key]).toBeDefined();
  });

  test('the status names every server and the write conditions that are in force', async () => {
    // The position is written with the heartbeat, every 10 s.
    const { instances } = await waitUntil('a position in the feed', async () => {
      const status = statusAnswer.parse((await b.admin.get('/s3-sync/status').expect(200)).body);
      return status.instances.some(({ feedPosition }) => (feedPosition ?? 0) > 0) ? status : undefined;
    });
    expect(instances.map(({ directory, mode, alive, current }) => ({ directory, mode, alive, current }))).toEqual(
      [a, b, c].map((app) => ({ directory: app.publicDir, mode: 'MULTI', alive: true, current: app === b })),
    );
    for (const { conditions } of instances) expect(conditions).toMatchObject({ putIfAbsent: true, putIfMatch: true });
  });

  test('the bucket is away for a while: no error to editors, and all catch up', async () => {
    const newest = Math.max(...(await listRuns(a)).map(({ id }) => id));
    site.proxy.cut();
    const uploaded = new Map<string, Buffer>();
    for (const app of [a, b, c]) {
      const bytes = Buffer.from(`uploaded on ${app.publicDir} without a bucket`);
      const begun = performance.now();
      const { key } = await upload(app, bytes, 'offline.txt');
      expect(performance.now() - begun).toBeLessThan(NOTICED_MS);
      uploaded.set(key, bytes);
    }
    // Long enough for one to give up; the others may still be in the middle of it.
    await waitUntil('one has tried in vain', async () =>
      (await listRuns(a)).find(({ id, status }) => id > newest && (status === 'failed' || status === 'partial')),
    );
    site.proxy.mend();
    const all = await site.waitUntilEqual(60_000);
    for (const key of uploaded.keys()) expect(all[key]).toBeDefined();
  });

  test('kill -9 in the middle of 500 files: after the restart all of them are everywhere', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `uploads/photo-${index}.txt`);
    for (const key of keys) writeFileSync(fileOf(a, key), `${key} `.repeat(200));
    const before = await site.bucket.objects();
    // So slow that it is not done before it is killed, however late the middle is noticed.
    site.proxy.slowDown(200);
    await startNow(a);
    await waitUntil('the run is in its middle', async () => {
      const uploaded = Object.keys(await site.bucket.objects()).length - Object.keys(before).length;
      return uploaded > 50 ? uploaded : undefined;
    });
    await a.kill();
    site.proxy.mend();
    expect(Object.keys(await site.bucket.objects()).length).toBeLessThan(Object.keys(before).length + 500);
    a = await site.startServer('a');
    const all = await site.waitUntilEqual(60_000);
    expect(keys.filter((key) => all[key] === undefined)).toEqual([]);
  });
});

/** Contents of a server's trash, of files with that many bytes. */
function readTrash(app: StrapiProcess, key: string, size: number): string[] {
  const folder = path.join(app.publicDir, 'uploads', '.s3-sync', 'trash');
  if (!existsSync(folder)) return [];
  const record = z.object({ key: z.string(), size: z.number() });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .filter((name) => {
      const item = record.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
      return item.key === key && item.size === size;
    })
    .map((name) => readFileSync(path.join(folder, name.replace(/\.json$/, '')), 'utf8'));
}
