import { z } from 'zod';
import type { StrapiProcess } from '../support/strapi';
import type { Login } from './SettingsPage';

const PASSWORD = 'Someone-for-tests-1';

const created = z.object({ data: z.object({ id: z.number() }) });
const invited = z.object({ data: z.object({ registrationToken: z.string() }) });

/** Sets which of the plugin's actions a role allows. */
export async function allow(strapi: StrapiProcess, roleId: number, actions: string[]): Promise<void> {
  const permissions = actions.map((action) => ({
    action: `plugin::s3-sync.${action}`,
    subject: null,
    conditions: [],
    properties: {},
  }));
  await strapi.admin.put(`/admin/roles/${roleId}/permissions`).send({ permissions }).expect(200);
}

/** Adds a role which allows just these of the plugin's actions. Returns its id. */
export async function addRole(strapi: StrapiProcess, name: string, actions: string[]): Promise<number> {
  const role = await strapi.admin.post('/admin/roles').send({ name: `role of ${name}`, description: 'for a test' });
  const { id } = created.parse(role.body).data;
  await allow(strapi, id, actions);
  return id;
}

/** Adds an administrator with a role of its own, which allows just these of the plugin's actions. */
export async function addAdministrator(strapi: StrapiProcess, name: string, actions: string[]): Promise<Login> {
  return addAdministratorTo(strapi, name, await addRole(strapi, name, actions));
}

export async function addAdministratorTo(strapi: StrapiProcess, name: string, roleId: number): Promise<Login> {
  const email = `${name}@example.com`;
  const firstname = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const names = { firstname, lastname: 'Tester' };
  const user = await strapi.admin.post('/admin/users').send({ email, ...names, roles: [roleId] });
  const { registrationToken } = invited.parse(user.body).data;
  const userInfo = { ...names, password: PASSWORD };
  await strapi.request.post('/admin/register').send({ registrationToken, userInfo }).expect(200);
  return { email, password: PASSWORD };
}
