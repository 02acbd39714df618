import { readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import path from 'node:path';
import { z } from 'zod';
import { askThroughNginx } from '../support/askThroughNginx';
import { MultiSite } from '../support/MultiSite';
import { findNginx, HOW_TO_GET_NGINX, Nginx } from '../support/Nginx';
import { endOfStart } from '../support/runs';
import { SiteBucket } from '../support/SiteBucket';
import { describeEachStore, startInProjectStore } from '../support/stores';
import { startStrapiProcess } from '../support/strapi';

const MIB = 1024 * 1024;

const program = findNginx();

if (program === undefined) {
  test.skip(HOW_TO_GET_NGINX, () => undefined);
} else {
  describeEachStore('two servers behind nginx, for longer', (store) => {
    let site: MultiSite;
    let nginx: Nginx;

    beforeAll(async () => {
      site = await MultiSite.start(store(), ['a', 'b'], { plugin: 'built' });
      nginx = await Nginx.start(program, [site.app('a').url, site.app('b').url]);
    });
    afterAll(async () => {
      await nginx.stop();
      await site.stop();
    });

    test('200 uploads, each asked for 10 times at once: no 404, no 503, every byte', async () => {
      const asked = await askThroughNginx(nginx, [site.app('a'), site.app('b')], 200);
      expect(asked.length).toBeGreaterThanOrEqual(2_000);
      expect(asked.filter(({ status, isRight }) => status !== 200 || !isRight)).toEqual([]);
      await site.waitUntilEqual(120_000);
    }, 300_000);

    test('while the store answers 503 to one request in ten: never a wrong body, and never a part of one', async () => {
      // Only the project's own store can be made to fail.
      store().server?.fault({ kind: 'status', status: 503, code: 'SlowDown', match: { probability: 0.1 } });
      const asked = await askThroughNginx(nginx, [site.app('a'), site.app('b')], 200);
      store().server?.clearFaults();
      expect(asked.filter(({ isCut }) => isCut)).toEqual([]);
      expect(asked.filter(({ status, isRight }) => status === 200 && !isRight)).toEqual([]);
      expect(asked.filter(({ status }) => ![200, 404, 503].includes(status))).toEqual([]);
      await site.waitUntilEqual(120_000);
    }, 300_000);

    test('10,000 names that nobody knows make no request of the store', async () => {
      // Other things may go on; what counts is that none of these names gets there.
      const countSent = site.proxy.countSent('no-such');
      for (let round = 0; round < 200; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) => fetch(`${nginx.url}/uploads/no-such-${round}-${index}.jpg`)),
        );
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
      }
      expect(countSent()).toBe(0);
    }, 300_000);
  });
}

describe('one large file that many ask for', () => {
  test('100 requests for 50 MiB make one GET of the store and need less than 100 MiB of memory', async () => {
    const store = await startInProjectStore();
    const bucket = await SiteBucket.create(store);
    const app = await startStrapiProcess({
      pluginConfig: bucket.config({ mode: 'MULTI', syncOn: { enabled: false }, scanEvery: 0, reconcileCron: null }),
    });
    try {
      await endOfStart(app);
      const answer = await app.admin.post('/upload').attach('files', Buffer.from('a small one'), 'large.bin');
      const [file] = z.array(z.object({ url: z.string() })).parse(answer.body);
      const url = file?.url ?? '';
      rmSync(path.join(app.publicDir, url));
      const bytes = Buffer.alloc(50 * MIB, 'some content of a large file. ');
      await store.server.putObject(bucket.name, url.slice(1), bytes);
      store.server.clearRequests();

      const idle = residentMib(app.pid);
      let peak = idle;
      const sampling = setInterval(() => {
        peak = Math.max(peak, residentMib(app.pid));
      }, 20);
      const lengths = await Promise.all(Array.from({ length: 100 }, () => lengthOf(app.url + url, bytes)));
      clearInterval(sampling);
      expect(new Set(lengths)).toEqual(new Set([50 * MIB]));
      expect(store.server.requests().filter(({ operation }) => operation === 'GetObject')).toHaveLength(1);
      process.stderr.write(`Idle ${idle.toFixed(0)} MiB, at most ${peak.toFixed(0)} MiB.\n`);
      expect(peak - idle).toBeLessThan(100);
    } finally {
      await app.stop();
      await store.server.close();
    }
  }, 300_000);
});

/** Reads a body without keeping it; each part is compared with what it should be. Returns its bytes, or -1. */
function lengthOf(url: string, expected: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let length = 0;
      let isRight = true;
      response.on('data', (chunk: Buffer) => {
        isRight &&= chunk.equals(expected.subarray(length, length + chunk.length));
        length += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve(isRight ? length : -1);
      });
    });
    request.on('error', reject);
  });
}

/** Resident memory of a process, MiB. */
function residentMib(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
