import supertest from 'supertest';
import { z } from 'zod';
import type { StartedStrapi } from './strapi';

type Agent = StartedStrapi['admin'];

const idAnswer = z.object({ data: z.object({ id: z.number() }) });
const tokenAnswer = z.object({ data: z.object({ token: z.string() }) });
const rolesAnswer = z.object({ data: z.array(z.object({ id: z.number(), code: z.string() })) });
const invitedAnswer = z.object({ data: z.object({ registrationToken: z.string() }) });

/** Invites someone with one of Strapi's own roles, such as `strapi-editor`, and logs them in. */
export async function logInWithRole(app: StartedStrapi, code: string): Promise<Agent> {
  const roles = rolesAnswer.parse((await app.admin.get('/admin/roles').expect(200)).body).data;
  const role = roles.find((one) => one.code === code);
  if (role === undefined) throw new Error(`There is no role ${code}.`);
  return logIn(app, code, role.id);
}

/** Invites someone whose role has these permissions and no other, and logs them in. */
export async function logInWithActions(app: StartedStrapi, name: string, actions: readonly string[]): Promise<Agent> {
  const role = await app.admin.post('/admin/roles').send({ name, description: name }).expect(201);
  const { id } = idAnswer.parse(role.body).data;
  const permissions = actions.map((action) => ({ action, subject: null, properties: {}, conditions: [] }));
  await app.admin.put(`/admin/roles/${id}/permissions`).send({ permissions }).expect(200);
  return logIn(app, name, id);
}

async function logIn(app: StartedStrapi, name: string, roleId: number): Promise<Agent> {
  const person = { email: `${name}@example.com`, firstname: name, lastname: 'Tester', roles: [roleId] };
  const invited = await app.admin.post('/admin/users').send(person).expect(201);
  const { registrationToken } = invitedAnswer.parse(invited.body).data;
  const userInfo = { firstname: name, lastname: 'Tester', password: 'Editor-for-tests-1' };
  const registered = await app.request.post('/admin/register').send({ registrationToken, userInfo }).expect(200);
  const agent = supertest.agent(app.url);
  agent.set('Authorization', `Bearer ${tokenAnswer.parse(registered.body).data.token}`);
  return agent;
}
