import { z } from 'zod';
import { MultiSite } from '../support/MultiSite';
import { cephStore, startInProjectStore, type Store } from '../support/stores';
import type { StrapiProcess } from '../support/strapi';
import { pause } from '../support/waitUntil';

const uploadAnswer = z.array(z.object({ id: z.number(), hash: z.string(), ext: z.string() })).length(1);

describe('three servers in MULTI mode, for longer', () => {
  let store: Store & { server?: { close(): Promise<void> } };
  let site: MultiSite;

  beforeAll(async () => {
    store = cephStore() ?? (await startInProjectStore());
    site = await MultiSite.start(store, ['a', 'b', 'c'], { plugin: 'built' });
  });
  afterAll(async () => {
    await site.stop();
    await store.server?.close();
  });

  const upload = async (app: StrapiProcess, text: string) => {
    const answer = await app.admin.post('/upload').attach('files', Buffer.from(text), 'file.txt').expect(201);
    const [file] = uploadAnswer.parse(answer.body);
    if (file === undefined) throw new Error('Nothing was uploaded.');
    return { id: file.id, key: `uploads/${file.hash}${file.ext}` };
  };

  test('the bucket is away for a minute of work: editors see nothing of it, and all catch up', async () => {
    const apps = ['a', 'b', 'c'].map((name) => site.app(name));
    const early = await Promise.all(apps.map((app, index) => upload(app, `early ${index}`)));
    await site.waitUntilEqual();
    site.proxy.cut();
    const uploaded: string[] = [];
    const cutAt = performance.now();
    for (let round = 0; performance.now() - cutAt < 60_000; round += 1) {
      for (const [index, app] of apps.entries()) {
        const begun = performance.now();
        uploaded.push((await upload(app, `round ${round}, server ${index}`)).key);
        expect(performance.now() - begun).toBeLessThan(3_000);
      }
      await pause(500);
    }
    for (const [index, app] of apps.entries()) {
      await app.admin.delete(`/upload/files/${early[index]?.id ?? ''}`).expect(200);
    }
    site.proxy.mend();
    const all = await site.waitUntilEqual(90_000);
    expect(uploaded.filter((key) => all[key] === undefined)).toEqual([]);
    expect(early.filter(({ key }) => all[key] !== undefined)).toEqual([]);
  }, 240_000);

  test('kill -9 in the middle of 500 uploads of an editor: after the restart all that were answered are everywhere', async () => {
    const a = site.app('a');
    const answered: string[] = [];
    const editing = (async () => {
      for (let index = 0; index < 500; index += 1) answered.push((await upload(a, `photo ${index}`)).key);
    })().catch(() => undefined);
    await pause(8_000);
    await a.kill();
    await editing;
    expect(answered.length).toBeGreaterThan(10);
    expect(answered.length).toBeLessThan(500);
    await site.startServer('a');
    const all = await site.waitUntilEqual(90_000);
    expect(answered.filter((key) => all[key] === undefined)).toEqual([]);
  }, 240_000);
});
