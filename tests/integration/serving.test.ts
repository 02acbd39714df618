import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { askThroughNginx } from '../support/askThroughNginx';
import { FaultyProxy } from '../support/FaultyProxy';
import { MultiSite } from '../support/MultiSite';
import { findNginx, HOW_TO_GET_NGINX, Nginx } from '../support/Nginx';
import { cephStore, startInProjectStore, type Store } from '../support/stores';
import { waitUntil } from '../support/waitUntil';

const MIB = 1024 * 1024;

const program = findNginx();

if (program === undefined) {
  test.skip(HOW_TO_GET_NGINX, () => undefined);
} else {
  describe('two servers behind nginx', () => {
    let store: Store & { server?: { close(): Promise<void> } };
    let proxy: FaultyProxy;
    let site: MultiSite;
    let nginx: Nginx;

    beforeAll(async () => {
      store = cephStore() ?? (await startInProjectStore());
      proxy = await FaultyProxy.start(store.endpoint);
      site = await MultiSite.start({ ...store, endpoint: proxy.endpoint }, ['a', 'b'], { plugin: 'built' });
      nginx = await Nginx.start(program, [site.app('a').url, site.app('b').url]);
    });
    afterAll(async () => {
      await nginx.stop();
      await site.stop();
      await proxy.close();
      await store.server?.close();
    });

    test('each upload can be had at once from both: no 404, no 503, every byte', async () => {
      const asked = await askThroughNginx(nginx, [site.app('a'), site.app('b')], 40);
      expect(asked.length).toBeGreaterThanOrEqual(400);
      expect(asked.filter(({ status, isRight }) => status !== 200 || !isRight)).toEqual([]);
      await site.waitUntilEqual(60_000);
    });

    test('while the store answers 503 to one request in ten: never a wrong body, and never a part of one', async () => {
      proxy.beBusy(0.1);
      const asked = await askThroughNginx(nginx, [site.app('a'), site.app('b')], 40);
      await site.waitUntilEqual(60_000);
      proxy.beBusy(0);
      expect(proxy.refused).toBeGreaterThan(0);
      expect(asked.length).toBeGreaterThanOrEqual(400);
      expect(asked.filter(({ isCut }) => isCut)).toEqual([]);
      expect(asked.filter(({ status, isRight }) => status === 200 && !isRight)).toEqual([]);
      expect(asked.filter(({ status }) => ![200, 404, 503].includes(status))).toEqual([]);
    });

    test('a large file that was replaced comes right where its old version is, and streams where it is missing', async () => {
      const [a, b] = [site.app('a'), site.app('b')];
      const first = randomBytes(20 * MIB);
      const second = randomBytes(21 * MIB);
      const uploaded = await a.admin.post('/upload').attach('files', first, 'video.bin');
      const [{ id, url }] = z.tuple([z.object({ id: z.number(), url: z.string() })]).parse(uploaded.body);
      await site.waitUntilEqual();
      expect((await bytesOf(b.url + url)).equals(first)).toBe(true);

      const replaced = await a.admin.post(`/upload?id=${id}`).attach('files', second, 'video.bin');
      expect(z.object({ url: z.string() }).parse(replaced.body).url).toBe(url);
      // Until the other server has heard of it, it has the old version: that one or the new one, never a mixture.
      await waitUntil('the other server has the new version', async () => {
        const body = await bytesOf(b.url + url);
        if (body.equals(second)) return true;
        expect(body.equals(first)).toBe(true);
        return undefined;
      });
      await site.waitUntilEqual();
      const client = store.client();
      const head = await client.send(new HeadObjectCommand({ Bucket: site.bucket.name, Key: url.slice(1) }));
      client.destroy();
      expect(head.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);

      const file = path.join(b.publicDir, url);
      rmSync(file);
      const release = proxy.holdBody(path.basename(url), 2 * MIB);
      // On a busy machine a first request may be late; the download goes on, and the next one joins it.
      const answer = await waitUntil('its first bytes come', async () => {
        const one = await fetch(b.url + url);
        if (one.status === 200) return one;
        await one.body?.cancel();
        return undefined;
      });
      const reader = answer.body?.getReader();
      const chunks: Uint8Array[] = [];
      for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
        // The rest is still in the bucket.
        if (chunks.length === 0) expect(existsSync(file)).toBe(false);
        release();
        chunks.push(part.value);
      }
      expect(Buffer.concat(chunks).equals(second)).toBe(true);
      expect(answer.headers.get('content-length')).toBe(String(second.length));
      await waitUntil('it is stored', async () => (existsSync(file) ? true : undefined));
      expect(readFileSync(file).equals(second)).toBe(true);
    });

    test('names that nobody knows make no request of the store', async () => {
      // Other things may go on; what counts is that none of these names gets there.
      const countSent = site.proxy.countSent('no-such');
      const statuses = new Set<number>();
      for (let round = 0; round < 20; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => fetch(`${nginx.url}/uploads/no-such-${round}-${index}.jpg`)),
        );
        for (const { status } of answers) statuses.add(status);
      }
      expect([...statuses]).toEqual([404]);
      expect(countSent()).toBe(0);
    });
  });
}

async function bytesOf(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}
