import supertest from 'supertest';
import { z } from 'zod';
import { errorAnswer } from '../support/adminAnswers';
import { startStrapi, type StartedStrapi } from '../support/strapi';

const routes = [
  ['get', '/s3-sync/settings', 'settings.read'],
  ['put', '/s3-sync/settings', 'settings.update'],
  ['post', '/s3-sync/connection-test', 'settings.update'],
  ['get', '/s3-sync/credentials', 'settings.read'],
  ['get', '/s3-sync/status', 'settings.read'],
  ['get', '/s3-sync/runs', 'settings.read'],
  ['get', '/s3-sync/runs/1', 'settings.read'],
  ['post', '/s3-sync/runs', 'sync.run'],
  ['post', '/s3-sync/runs/1/cancel', 'sync.run'],
  ['get', '/s3-sync/errors', 'settings.read'],
  ['post', '/s3-sync/plans', 'sync.run'],
  ['get', '/s3-sync/plans', 'settings.read'],
  ['get', '/s3-sync/plans/1', 'settings.read'],
  ['post', '/s3-sync/plans/1/cancel', 'sync.run'],
  ['get', '/s3-sync/trash', 'settings.read'],
  ['post', '/s3-sync/trash/1/restore', 'sync.run'],
] as const;

const permissions = ['settings.read', 'settings.update', 'sync.run'] as const;

const idAnswer = z.object({ data: z.object({ id: z.number() }) });
const tokenAnswer = z.object({ data: z.object({ token: z.string() }) });
const rolesAnswer = z.object({ data: z.array(z.object({ id: z.number(), code: z.string() })) });
const invitedAnswer = z.object({ data: z.object({ registrationToken: z.string() }) });

describe('the admin API', () => {
  let app: StartedStrapi;
  beforeAll(async () => {
    app = await startStrapi({
      pluginConfig: { endpoint: 'http://127.0.0.1:1', accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });
  afterAll(() => app.stop());

  type Agent = StartedStrapi['admin'];

  const send = (agent: Agent, method: (typeof routes)[number][0], url: string) =>
    method === 'get' ? agent.get(url) : agent[method](url).send({});

  /** Someone with just this role, logged in. */
  async function logIn(name: string, roleId: number): Promise<Agent> {
    const person = { email: `${name}@example.com`, firstname: name, lastname: 'Tester', roles: [roleId] };
    const invited = await app.admin.post('/admin/users').send(person).expect(201);
    const { registrationToken } = invitedAnswer.parse(invited.body).data;
    const userInfo = { firstname: name, lastname: 'Tester', password: 'Editor-for-tests-1' };
    const registered = await app.request.post('/admin/register').send({ registrationToken, userInfo }).expect(200);
    const agent = supertest.agent(app.url);
    agent.set('Authorization', `Bearer ${tokenAnswer.parse(registered.body).data.token}`);
    return agent;
  }

  /** Someone whose role has these permissions of the plugin and no other. */
  async function logInWith(name: string, actions: readonly string[]): Promise<Agent> {
    const role = await app.admin.post('/admin/roles').send({ name, description: name }).expect(201);
    const { id } = idAnswer.parse(role.body).data;
    const granted = actions.map((action) => ({ action, subject: null, properties: {}, conditions: [] }));
    await app.admin.put(`/admin/roles/${id}/permissions`).send({ permissions: granted }).expect(200);
    return logIn(name, id);
  }

  test.each(routes)('answers 401 without a login: %s %s', async (method, url) => {
    const answer = await send(app.request, method, url);
    expect(answer.status).toBe(401);
  });

  test('answers 403 to an editor and to an author, on every route', async () => {
    const roles = rolesAnswer.parse((await app.admin.get('/admin/roles').expect(200)).body).data;
    for (const code of ['strapi-editor', 'strapi-author']) {
      const role = roles.find((one) => one.code === code);
      const agent = await logIn(code, z.object({ id: z.number() }).parse(role).id);
      for (const [method, url] of routes) {
        const answer = await send(agent, method, url);
        expect([code, method, url, answer.status]).toEqual([code, method, url, 403]);
      }
    }
  });

  test.each(permissions)('lets someone with %s alone do that alone', async (permission) => {
    const agent = await logInWith(permission.replace('.', '-'), [`plugin::s3-sync.${permission}`]);
    for (const [method, url, needed] of routes) {
      const { status } = await send(agent, method, url);
      expect([method, url, status === 403]).toEqual([method, url, needed !== permission]);
    }
  });

  test('is not reachable with a token of the content API', async () => {
    const body = { name: 'all', description: '', type: 'full-access', lifespan: null };
    const made = await app.admin.post('/admin/api-tokens').send(body).expect(201);
    const token = z.object({ data: z.object({ accessKey: z.string() }) }).parse(made.body).data.accessKey;
    for (const [method, url] of routes) {
      const answer = await send(app.request, method, url).set('Authorization', `Bearer ${token}`);
      expect([method, url, answer.status]).toEqual([method, url, 401]);
    }
    await app.request.get('/api/s3-sync/settings').set('Authorization', `Bearer ${token}`).expect(404);
  });

  test.each([
    ['get', '/s3-sync/runs?page=0', 'page'],
    ['get', '/s3-sync/runs?pageSize=101', 'pageSize'],
    ['get', '/s3-sync/runs?page=x', 'page'],
    ['get', '/s3-sync/runs?page=1&page=2', 'page'],
    ['get', '/s3-sync/runs/1?pageSize=-1', 'pageSize'],
    ['get', '/s3-sync/trash?page=0', 'page'],
    ['get', '/s3-sync/trash?search=a&search=b', 'search'],
    ['get', '/s3-sync/errors?page=0', 'page'],
    ['get', '/s3-sync/runs/1?kind=x', 'kind'],
    ['get', '/s3-sync/plans/1?page=0', 'page'],
    ['get', '/s3-sync/plans/1?pageSize=101', 'pageSize'],
    ['get', '/s3-sync/plans/1?action=delete', 'action'],
    ['get', '/s3-sync/plans/1?sort=name', 'sort'],
    ['get', '/s3-sync/plans/1?order=up', 'order'],
    ['get', '/s3-sync/plans/1?search=a&search=b', 'search'],
  ] as const)('refuses a bad query: %s %s', async (method, url, field) => {
    const answer = await send(app.admin, method, url);
    expect(answer.status).toBe(400);
    expect(errorAnswer.parse(answer.body).error.details.errors?.[0]?.path).toEqual([field]);
  });

  test.each([
    [{ confirm: 'yes' }, 'confirm'],
    [{ confirm: 3 }, 'confirm'],
    [{ takeOver: 'true' }, 'takeOver'],
    [{ plan: 1 }, 'plan'],
    [[], ''],
    [{ force: true }, ''],
  ])('refuses to start a run with %j', async (body, field) => {
    const answer = await app.admin.post('/s3-sync/runs').send(body);
    expect(answer.status).toBe(400);
    expect(errorAnswer.parse(answer.body).error.details.errors?.[0]?.path.join('.')).toBe(field);
  });

  test.each(['0', '-1', '1.5', 'x', '99999999999999999999', '1%00', '%27'])(
    'answers 404 for the run %s',
    async (id) => {
      await app.admin.get(`/s3-sync/runs/${id}`).expect(404);
      await app.admin.post(`/s3-sync/runs/${id}/cancel`).expect(404);
    },
  );
});
