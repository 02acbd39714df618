import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { startInProjectStore, type Store } from '../support/stores';
import type { S3Server } from '../support/s3-server/startS3Server';
import { describeWithChromium, launchChromium } from './chromium';
import { type Login, SettingsPage } from './SettingsPage';

/** So many that, with each upload slowed down, the run outlasts two reloads on a busy machine. */
const FILES = 300;
const PASSWORD = 'Someone-for-tests-1';

describeWithChromium('settings page for several administrators [in-project]', () => {
  let store: Store & { server: S3Server };
  let browser: Browser | undefined;
  let strapi: StrapiProcess;
  const opened: SettingsPage[] = [];

  async function open(login: Login, language = 'en'): Promise<SettingsPage> {
    if (browser === undefined) throw new Error('The browser is not started.');
    const page = await SettingsPage.open(browser, strapi.url, { login, language });
    opened.push(page);
    return page;
  }

  beforeAll(async () => {
    store = await startInProjectStore();
    const { accessKeyId, secretAccessKey } = store.credentials;
    strapi = await startStrapiProcess({
      plugin: 'built',
      serveAdminPanel: true,
      pluginConfig: {
        endpoint: store.endpoint,
        forcePathStyle: true,
        accessKeyId,
        secretAccessKey,
        bucketName: await store.createBucket(),
        awsRegion: store.region,
        mode: 'SINGLE',
      },
    });
    browser = await launchChromium();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((page) => page.close()));
  });

  afterAll(async () => {
    await browser?.close();
    await strapi.stop();
    await store.server.close();
  });

  test('a running sync is shown after a reload and to another administrator, who can cancel it', async () => {
    const ada = await open(administrator);
    await ada.visit();
    await ada.syncNow.waitFor();
    store.server.fault({ kind: 'delay', ms: 4_000, match: { operation: 'PutObject', key: /uploads\// } });
    for (let number = 0; number < FILES; number += 1) writeFile(strapi, `uploads/${number}.txt`);
    await ada.syncNow.click();
    const progress = (page: SettingsPage) => page.page.locator('[data-progress]');
    await progress(ada).getByText('Started by Ada Admin.').waitFor();
    await progress(ada).getByText('uploads/').waitFor();
    expect(await ada.accessibilityFaults()).toEqual([]);
    await ada.screenshot('running');

    await ada.visit();
    await progress(ada).getByText('Started by Ada Admin.').waitFor();

    const grace = await open(await addAdministrator(strapi, 'grace', ['settings.read', 'sync.run']));
    await grace.visit();
    await progress(grace).getByText('Started by Ada Admin.').waitFor();
    await grace.cancel.click();
    await Promise.all([ada.result('cancelled').waitFor(), grace.result('cancelled').waitFor()]);
    store.server.clearFaults();
    await grace.syncNow.click();
    await ada.page.getByText('Button, Grace Tester').first().waitFor();
    await ada.result('done').waitFor();
  });

  test('an administrator who may only look sees the settings and can change and start nothing', async () => {
    const page = await open(await addAdministrator(strapi, 'vera', ['settings.read']));
    await page.visit();
    await page.page.getByText('Your role allows you to see these settings, not to change them.').waitFor();
    expect(await page.save.isDisabled()).toBe(true);
    expect(await page.syncNow.isDisabled()).toBe(true);
    expect(await page.page.getByText('Your role does not allow you to start a sync.').isVisible()).toBe(true);
    await page.page.getByRole('button', { name: 'Advanced settings' }).click();
    expect(await page.page.locator('[name=prefix]').isDisabled()).toBe(true);
    expect(await page.page.locator('textarea[name=include]').isDisabled()).toBe(true);
    expect(await page.accessibilityFaults()).toEqual([]);
  });

  test('who may not read the settings finds neither the link nor the page', async () => {
    const page = await open(await addAdministrator(strapi, 'otto', []));
    await page.page.goto(`${strapi.url}/admin/settings/s3-sync`);
    await page.page.getByText("You don't have the permissions to access that content").waitFor();
    expect(await page.page.getByRole('link', { name: 'S3 Sync' }).count()).toBe(0);
  });

  test('leaving with changes that are not saved asks first', async () => {
    const page = await open(administrator);
    await page.visit();
    await page.page.getByRole('button', { name: 'Advanced settings' }).click();
    await page.page.locator('[name=prefix]').fill('site');
    await page.page.getByRole('link', { name: 'Webhooks' }).click();
    const dialog = page.page.getByRole('alertdialog');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await page.page.locator('[name=prefix]').inputValue()).toBe('site');
    expect(new URL(page.page.url()).pathname).toBe('/admin/settings/s3-sync');
  });

  test.each([
    ['de', 'Dateien jetzt synchronisieren'],
    ['es', 'Sincronizar ahora'],
    ['fr', 'Synchroniser maintenant'],
  ])('the page speaks %s', async (language, button) => {
    const page = await open(administrator, language);
    await page.visit();
    await page.page.getByRole('button', { name: button }).waitFor();
    await page.history.first().waitFor();
    const text = await page.page.locator('#main-content').textContent();
    expect(text).not.toMatch(/s3-sync\.[a-z]/);
    expect(page.consoleErrors).toEqual([]);
    expect(await page.accessibilityFaults()).toEqual([]);
    await page.screenshot(`language-${language}`);
    await page.screenshot(`language-${language}-narrow`, 768);
  });
});

function writeFile(strapi: StrapiProcess, key: string): void {
  const file = path.join(strapi.publicDir, key);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, key);
}

const created = z.object({ data: z.object({ id: z.number() }) });
const invited = z.object({ data: z.object({ registrationToken: z.string() }) });

/** Adds an administrator with a role of its own, which allows just these of the plugin's actions. */
async function addAdministrator(strapi: StrapiProcess, name: string, actions: string[]): Promise<Login> {
  const role = await strapi.admin.post('/admin/roles').send({ name: `role of ${name}`, description: 'for a test' });
  const roleId = created.parse(role.body).data.id;
  const permissions = actions.map((action) => ({
    action: `plugin::s3-sync.${action}`,
    subject: null,
    conditions: [],
    properties: {},
  }));
  await strapi.admin.put(`/admin/roles/${roleId}/permissions`).send({ permissions }).expect(200);

  const email = `${name}@example.com`;
  const firstname = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const names = { firstname, lastname: 'Tester' };
  const user = await strapi.admin.post('/admin/users').send({ email, ...names, roles: [roleId] });
  const { registrationToken } = invited.parse(user.body).data;
  const userInfo = { ...names, password: PASSWORD };
  await strapi.request.post('/admin/register').send({ registrationToken, userInfo }).expect(200);
  return { email, password: PASSWORD };
}
