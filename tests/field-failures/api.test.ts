import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { z } from 'zod';
import pluginRoutes from '../../server/src/routes';
import { planListAnswer, settingsAnswer, statusAnswer } from '../support/adminAnswers';
import { logInWithActions, logInWithRole } from '../support/people';
import { endOfStart, listRuns } from '../support/runs';
import type { S3Server } from '../support/s3-server/startS3Server';
import { SiteBucket } from '../support/SiteBucket';
import { startInProjectStore, type Store } from '../support/stores';
import { startStrapi, type StartedStrapi } from '../support/strapi';
import { waitUntil } from '../support/waitUntil';

/** Requests of each route; more with `npm run test:long`. */
const FUZZED = process.env.S3_SYNC_LONG === '1' ? 150 : 8;

/** Until a run of two files has ended, on a machine that is busy with other tests. */
const PATIENCE_MS = 60_000;

const policyForm = z.object({ name: z.string(), config: z.object({ actions: z.array(z.string()) }) });

/** Every route of the plugin's own table, so that a new one is tried as soon as it is there. */
const routes = Object.values(pluginRoutes).flatMap((table) =>
  table.routes.map((route) => {
    const policies: unknown[] = route.config.policies;
    const permission = policies.map((policy) => policyForm.safeParse(policy)).find(({ success }) => success)?.data;
    return { ...route, title: `${route.method} ${route.path}`, policies, actions: permission?.config.actions ?? [] };
  }),
);

type Route = (typeof routes)[number];
type Agent = StartedStrapi['admin'];

interface Sent {
  id: string;
  query: string;
  /** As it goes over the line; `undefined` for none. */
  body: string | undefined;
}

const SETTINGS = [
  'bucketName',
  'mode',
  'prefix',
  'include',
  'exclude',
  'directory',
  'maxDelete',
  'syncOn',
  'reconcileCron',
];
const NASTY = [
  '',
  '0',
  '-1',
  '1.5',
  '../..',
  '%00',
  '%2e%2e%2f',
  'a\\b',
  '1;drop',
  '__proto__',
  'x'.repeat(3_000),
  '٣',
];

const bodies = fc.oneof(
  fc.constant(undefined),
  fc.json({ maxDepth: 4 }),
  fc.string(),
  fc
    .dictionary(fc.constantFrom(...SETTINGS, 'confirm', 'takeOver', '__proto__', 'x'), fc.jsonValue())
    .map((body) => JSON.stringify(body)),
  fc.constantFrom('{', '[[[[', '"', '{"a":', '{"__proto__":{"admin":true}}', `{"prefix":"${'x'.repeat(200_000)}"}`),
);
const queries = fc.oneof(
  fc.constant(''),
  fc.webQueryParameters(),
  fc.constantFrom(
    'page[]=1',
    'page[$gt]=1',
    'pageSize=1e9',
    'page=1&page=2',
    'a[b][c][d][e][f][g]=1',
    '%',
    'page=%00',
    'page=٣',
  ),
);
const ids = fc.oneof(fc.constantFrom(...NASTY), fc.webSegment(), fc.integer().map(String));
const anything: fc.Arbitrary<Sent> = fc.record({ id: ids, query: queries, body: bodies });

describe('The admin API [in-project]', () => {
  let store: Store & { server: S3Server };
  let bucket: SiteBucket;
  let app: StartedStrapi;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucket = await SiteBucket.create(store);
    const connection = { ...bucket.connection(), bucketName: bucket.name, awsRegion: store.region, mode: 'SINGLE' };
    app = await startStrapi({ pluginConfig: { ...connection, scanEvery: 0 } });
    await endOfStart(app, 0, PATIENCE_MS);
    for (const name of ['a.txt', 'b.txt']) writeFileSync(path.join(app.publicDir, 'uploads', name), name);
  });
  afterAll(async () => {
    await app.stop();
    await store.server.close();
  });

  const send = (agent: Agent, { method, path: pattern }: Route, { id, query, body }: Sent) => {
    const url = `/s3-sync${pattern.replaceAll(/:[a-zA-Z]+/g, encodeLightly(id))}${query === '' ? '' : `?${query}`}`;
    const request = agent[toMethod(method)](url);
    return body === undefined || method === 'GET'
      ? request
      : request.set('Content-Type', 'application/json').send(body);
  };
  /** Waits for what earlier requests were allowed to start: it goes on changing things after its answer. */
  const idle = () =>
    waitUntil(
      'no run and no preview goes on',
      async () => {
        const { running } = statusAnswer.parse((await app.admin.get('/s3-sync/status').expect(200)).body);
        const plans = planListAnswer.parse((await app.admin.get('/s3-sync/plans').expect(200)).body).results;
        return running === undefined && plans.every(({ status }) => status !== 'making') ? true : undefined;
      },
      PATIENCE_MS,
    );
  /** All that a request could change. The regular complete run comes unasked, at a minute of the server's own. */
  const state = async () => ({
    settings: settingsAnswer.parse((await app.admin.get('/s3-sync/settings').expect(200)).body),
    runs: (await listRuns(app)).filter(({ trigger }) => trigger !== 'cron').map(({ id, status }) => [id, status]),
    objects: await bucket.objects(),
    files: readdirSync(app.publicDir, { recursive: true }).filter((name) => !String(name).includes('.s3-sync/base')),
  });

  test('22. every route asks for a login and for a permission of its own', () => {
    expect(routes.length).toBeGreaterThan(8);
    for (const { title, policies, actions } of routes) {
      expect([title, policies[0]]).toEqual([title, 'admin::isAuthenticatedAdmin']);
      expect([title, actions]).toEqual([title, [expect.stringMatching(/^plugin::s3-sync\.[a-z]+\.[a-z]+$/)]]);
    }
  });

  test('22. every route refuses whoever has no login, an editor, and everyone with another permission alone', async () => {
    const nothing: Sent = { id: '1', query: '', body: '{}' };
    const editor = await logInWithRole(app, 'strapi-editor');
    for (const route of routes) {
      expect([route.title, (await send(app.request, route, nothing)).status]).toEqual([route.title, 401]);
      expect([route.title, (await send(editor, route, nothing)).status]).toEqual([route.title, 403]);
    }
    for (const action of new Set(routes.flatMap(({ actions }) => actions))) {
      const person = await logInWithActions(app, action.replaceAll(/[^a-z]+/g, '-'), [action]);
      for (const route of routes.filter(({ actions }) => !actions.includes(action))) {
        expect([action, route.title, (await send(person, route, nothing)).status]).toEqual([action, route.title, 403]);
      }
    }
  });

  test.each(routes)(
    '22. $title answers whatever is sent with what it asks for, or with 4xx, a message and no change',
    async (route) => {
      await fc.assert(
        fc.asyncProperty(anything, async (sent) => {
          await idle();
          const before = await state();
          const { status, text, body } = await send(app.admin, route, sent);
          expect(status).toBeLessThan(500);
          expect(text).not.toMatch(/node_modules|\bat .*:\d+:\d+|SQLITE|select .* from/i);
          if (status < 400) return;
          if (status !== 405) expect(messageOf(body)).not.toBe('');
          expect(await state()).toEqual(before);
        }),
        { numRuns: FUZZED, seed: 8 },
      );
    },
    600_000,
  );
});

const errorForm = z.object({ error: z.object({ message: z.string() }) });

/** `''` where there is none. */
function messageOf(body: unknown): string {
  const parsed = errorForm.safeParse(body);
  return parsed.success ? parsed.data.error.message : '';
}

function toMethod(method: string): 'get' | 'put' | 'post' | 'delete' {
  return z.enum(['get', 'put', 'post', 'delete']).parse(method.toLowerCase());
}

/** What was encoded already stays as it is. */
function encodeLightly(id: string): string {
  return /%/.test(id) ? id : encodeURIComponent(id === '' ? ' ' : id);
}
