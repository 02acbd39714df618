/**
 * What public URLs add to a REST answer with 10,000 media, beside the same answer without them, in turns.
 *
 * Allowed: 10 % (median of the pairs).
 *
 * Run it with: npm run bench:urls
 */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { servicesOf } from '../server/src/services';
import { listRuns } from '../tests/support/runs';
import { SiteBucket } from '../tests/support/SiteBucket';
import { startInProjectStore } from '../tests/support/stores';
import { pause, waitUntil } from '../tests/support/waitUntil';
import { startStrapi, type StartedStrapi } from '../tests/support/strapi';

const ARTICLES = 100;
const MEDIA_OF_ARTICLE = 100;
const PAIRS = 15;
/** Answers measured with the same settings, one after the other. */
const ANSWERS = 3;
const BASE_CLOSED_MS = 1_000;
const CDN = 'https://cdn.example';

const created = z.object({ ids: z.array(z.number()) });

/** What one answer took, ms: by the clock, and of the processor, which other programs on the machine do not change. */
interface Cost {
  wall: number;
  cpu: number;
}

async function main(): Promise<void> {
  const store = await startInProjectStore();
  const bucket = await SiteBucket.create(store);
  const publicDir = mkdtempSync(path.join(tmpdir(), 's3-sync-bench-'));
  writeFiles(publicDir);
  const app = await startStrapi({
    graphql: true,
    publicDir,
    pluginConfig: bucket.config({ syncOn: { enabled: false }, scanEvery: 0, reconcileCron: null }),
  });
  try {
    await waitUntil(
      'the files are in the bucket',
      async () => (await listRuns(app)).find(({ trigger, status }) => trigger === 'start' && status === 'done'),
      300_000,
    );
    await addContent(app);
    const token = z
      .object({ accessKey: z.string() })
      .parse(
        await app.strapi
          .get<{ get(uid: string): { create(token: object): Promise<unknown> } }>('services')
          .get('admin::api-token')
          .create({ name: 'bench', description: '', type: 'full-access', lifespan: null }),
      );
    const times: { without: Cost; with: Cost }[] = [];
    for (let pair = 0; pair <= PAIRS; pair += 1) {
      const without = await measure(app, token.accessKey, '');
      const withUrls = await measure(app, token.accessKey, CDN);
      // The first pair warms up.
      if (pair > 0) times.push({ without, with: withUrls });
    }
    process.stdout.write(`REST, ${ARTICLES * MEDIA_OF_ARTICLE} media in the answer, ${PAIRS} pairs, medians:\n`);
    for (const kind of ['wall', 'cpu'] as const) {
      const before = median(times.map(({ without }) => without[kind]));
      const after = median(times.map((time) => time.with[kind]));
      const added = (median(times.map((time) => time.with[kind] / time.without[kind])) - 1) * 100;
      process.stdout.write(
        `  ${kind.padEnd(4)}  without public URLs ${before.toFixed(0)} ms, with ${after.toFixed(0)} ms: ${added.toFixed(1)} % added\n`,
      );
    }
  } finally {
    await app.stop();
    await store.server.close();
    rmSync(publicDir, { recursive: true, force: true });
  }
}

function nameOf(article: number, media: number): string {
  return `bench_${article}_${media}`;
}

function writeFiles(publicDir: string): void {
  mkdirSync(path.join(publicDir, 'uploads'));
  const anHourAgo = Date.now() / 1000 - 3_600;
  for (let article = 0; article < ARTICLES; article += 1) {
    for (let media = 0; media < MEDIA_OF_ARTICLE; media += 1) {
      const file = path.join(publicDir, 'uploads', `${nameOf(article, media)}.txt`);
      writeFileSync(file, nameOf(article, media));
      utimesSync(file, anHourAgo, anHourAgo);
    }
  }
}

function fileRow(hash: string): Record<string, unknown> {
  const ext = '.txt';
  return {
    name: hash,
    hash,
    ext,
    mime: 'text/plain',
    size: 1,
    url: `/uploads/${hash}${ext}`,
    provider: 'local',
    folderPath: '/',
  };
}

async function addContent({ strapi }: StartedStrapi): Promise<void> {
  for (let article = 0; article < ARTICLES; article += 1) {
    const data = Array.from({ length: MEDIA_OF_ARTICLE }, (_, media) => fileRow(nameOf(article, media)));
    const { ids } = created.parse(await strapi.db.query('plugin::upload.file').createMany({ data }));
    await strapi
      .documents('api::article.article')
      .create({ data: { title: `Article ${article}`, gallery: ids }, status: 'published' });
  }
}

/** The cost of one answer (median of a few), after one that warms up. */
async function measure({ strapi, url }: StartedStrapi, token: string, publicBaseUrl: string): Promise<Cost> {
  const saved = await servicesOf(strapi).settings.save({ publicBaseUrl });
  if ('errors' in saved) throw new Error('The settings were refused.');
  const ask = async (): Promise<string> => {
    const answer = await fetch(`${url}/api/articles?populate[gallery]=true&pagination[pageSize]=${ARTICLES}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return answer.text();
  };
  const body = await ask();
  const found = body.split(`"${CDN}/uploads/`).length - 1;
  const expected = publicBaseUrl === '' ? 0 : ARTICLES * MEDIA_OF_ARTICLE;
  if (found !== expected) throw new Error(`${found} public URLs instead of ${expected}: ${body.slice(0, 500)}`);
  // The first answer after a change of the settings opens the base, which is closed again a little later.
  await pause(BASE_CLOSED_MS);
  const costs: Cost[] = [];
  for (let answer = 0; answer < ANSWERS; answer += 1) {
    const begun = performance.now();
    const used = process.cpuUsage();
    await ask();
    const { user, system } = process.cpuUsage(used);
    costs.push({ wall: performance.now() - begun, cpu: (user + system) / 1_000 });
  }
  return { wall: median(costs.map(({ wall }) => wall)), cpu: median(costs.map(({ cpu }) => cpu)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
