import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { makePng } from '../tests/support/makePng';
import { buildPlugin } from '../tests/support/pluginForms';
import { endOfStart } from '../tests/support/runs';
import { SiteBucket } from '../tests/support/SiteBucket';
import { startInProjectStore } from '../tests/support/stores';
import { startStrapiProcess, type StrapiProcess } from '../tests/support/strapi';
import { medianOf } from './medianOf';

const ARTICLES = '/content-manager/collection-types/api::article.article';
const documentAnswer = z.object({ data: z.object({ documentId: z.string() }) });
const FILES = 10_000;
const PAIRS = 50;
const WARM_UP = 5;

/** What an editor does, on a site with the plugin and on one without it. */
type Act = (app: StrapiProcess) => Promise<unknown>;

/** Medians in ms: with the plugin, without it, and of the differences of the pairs. Both sites take turns. */
async function compare(withPlugin: StrapiProcess, without: StrapiProcess, act: Act): Promise<string> {
  const measured: { withPlugin: number; without: number }[] = [];
  for (let pair = -WARM_UP; pair < PAIRS; pair += 1) {
    const times = new Map<StrapiProcess, number>();
    for (const app of pair % 2 === 0 ? [withPlugin, without] : [without, withPlugin]) {
      const begun = performance.now();
      await act(app);
      times.set(app, performance.now() - begun);
    }
    if (pair < 0) continue;
    measured.push({ withPlugin: times.get(withPlugin) ?? NaN, without: times.get(without) ?? NaN });
  }
  const median = (read: (pair: (typeof measured)[number]) => number) => medianOf(measured.map(read)).toFixed(1);
  return [
    median((pair) => pair.withPlugin),
    median((pair) => pair.without),
    median((pair) => pair.withPlugin - pair.without),
  ].join(' | ');
}

/** Times of an editor while the store hangs and 10,000 files wait for it, beside a site without the plugin. */
async function main(): Promise<void> {
  await buildPlugin();
  const store = await startInProjectStore();
  const bucket = await SiteBucket.create(store);
  const [withPlugin, without] = await Promise.all([
    startStrapiProcess({ plugin: 'built', graphql: true, pluginConfig: bucket.config() }),
    startStrapiProcess({ plugin: 'none', graphql: true }),
  ]);
  await endOfStart(withPlugin);
  store.server.fault({ kind: 'hang' });
  for (let index = 0; index < FILES; index += 1) {
    writeFileSync(path.join(withPlugin.publicDir, 'uploads', `waiting-${index}.txt`), `content of ${index}`);
  }
  const documents = new Map<StrapiProcess, string>();
  for (const app of [withPlugin, without]) {
    const created = await app.admin.post(ARTICLES).send({ title: 'Created' }).expect(201);
    documents.set(app, documentAnswer.parse(created.body).data.documentId);
  }
  const save: Act = (app) =>
    app.admin
      .put(`${ARTICLES}/${documents.get(app) ?? ''}`)
      .send({ title: `Saved ${Date.now()}` })
      .expect(200);
  const image = makePng(60, 40, 90);
  const upload: Act = (app) => app.admin.post('/upload').attach('files', image, 'a.png').expect(201);

  process.stdout.write(
    [
      `Median of ${PAIRS} pairs, in ms; the store hangs, ${FILES.toLocaleString('en')} files wait for it.`,
      '',
      '| | with the plugin | without it | difference |',
      '|---|---|---|---|',
      `| save of an article | ${await compare(withPlugin, without, save)} |`,
      `| upload of an image | ${await compare(withPlugin, without, upload)} |`,
      '',
    ].join('\n'),
  );
  store.server.clearFaults();
  await Promise.all([withPlugin.stop(), without.stop()]);
  await store.server.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
