import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { endOfStart } from '../support/runs';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { SiteBucket } from '../support/SiteBucket';
import { describeRealestStore } from '../support/stores';
import { TcpProxy } from '../support/TcpProxy';
import { addAdministrator, addAdministratorTo, addRole, allow } from './administratorsOfTests';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

/** So many that, with each request slowed down, the run is seen in the middle of them. */
const FILES = 200;

describeWithChromium('settings page', () => {
  describeRealestStore('for several administrators', (store) => {
    let proxy: TcpProxy;
    let browser: Browser | undefined;
    let strapi: StrapiProcess;
    let ada: SettingsPage;
    /** The window of all others, one after the other. */
    let page: SettingsPage;

    beforeAll(async () => {
      proxy = await TcpProxy.start(store().endpoint);
      const bucket = await SiteBucket.create(store());
      strapi = await startStrapiProcess({
        plugin: 'built',
        serveAdminPanel: true,
        // Nothing but the administrators starts a sync.
        pluginConfig: bucket.config({ endpoint: proxy.endpoint, scanEvery: 0, reconcileCron: null }),
      });
      await endOfStart(strapi);
      browser = await launchChromium();
      ada = await SettingsPage.open(browser, strapi.url, { login: administrator });
      const grace = await addAdministrator(strapi, 'grace', ['settings.read', 'sync.run']);
      page = await SettingsPage.open(browser, strapi.url, { login: grace });
    });

    afterAll(async () => {
      await browser?.close();
      await strapi.stop();
      await proxy.close();
    });

    test('a running sync is shown after a reload and to another administrator, who can cancel it', async () => {
      const grace = page;
      await ada.visit();
      await ada.syncNow.waitFor();
      await grace.visit();
      await grace.syncNow.waitFor();
      await grace.page.route('**/s3-sync/status', (route) => route.abort());
      proxy.slowDown(1_000);
      for (let number = 0; number < FILES; number += 1) writeFile(strapi, `uploads/${number}.txt`);
      await ada.syncNow.click();
      const progress = (of: SettingsPage) => of.page.locator('[data-progress]');
      await progress(ada).getByText('Started by Ada Admin.').waitFor();
      await progress(ada).getByText('uploads/').waitFor();
      // Of the files here, so that it is told how far it is.
      await progress(ada).getByText(` of ${FILES}`).waitFor();
      // It does not end by itself, however busy the machine is.
      proxy.slowDown(100_000);
      await grace.syncNow.click();
      await grace.page.getByText('A sync is running already.').waitFor();
      await grace.page.unroute('**/s3-sync/status');
      expect(await ada.faults('running')).toEqual([]);

      await ada.visit();
      await progress(ada).getByText('Started by Ada Admin.').waitFor();

      await grace.comeBack();
      await progress(grace).getByText('Started by Ada Admin.').waitFor();
      await grace.tabTo(grace.cancel);
      await grace.page.keyboard.press('Enter');
      await Promise.all([ada.result('cancelled').waitFor(), grace.result('cancelled').waitFor()]);
      proxy.mend();
      expect(await ada.faults('cancelled')).toEqual([]);
      await grace.seeRun('done', () => grace.syncNow.click());
      await ada.comeBack();
      await ada.page.getByText('Button, Grace Tester').first().waitFor();
      await ada.result('done').waitFor();
    });

    test('an administrator who may only look sees the settings and can change and start nothing', async () => {
      await page.become(await addAdministrator(strapi, 'vera', ['settings.read']));
      await page.visit('sync');
      await page.page.getByText('Your role does not allow you to start a sync.').waitFor();
      expect(await page.syncNow.isDisabled()).toBe(true);
      await page.openTab('Settings');
      await page.page.getByText('Your role allows you to see these settings, not to change them.').waitFor();
      expect(await page.save.isDisabled()).toBe(true);
      expect(await page.testConnection.isDisabled()).toBe(true);
      await page.openSection('Prefix and store');
      expect(await page.page.locator('[name=prefix]').isDisabled()).toBe(true);
      expect(await page.faults('read-only')).toEqual([]);
      await page.openSection('Files');
      expect(await page.page.locator('textarea[name=include]').isDisabled()).toBe(true);
    });

    test('an administrator who may change the settings but not sync can test and save, and start nothing', async () => {
      await page.become(await addAdministrator(strapi, 'ursula', ['settings.read', 'settings.update']));
      await page.visit('settings');
      await page.testConnection.click();
      await page.page.getByText('The connection works.').waitFor();
      await page.openSection('Prefix and store');
      await page.field('concurrency').fill('8');
      await page.openTab('Sync');
      await page.page.getByText('Your role does not allow you to start a sync.').waitFor();
      expect(await page.saveAndSync.count()).toBe(0);
      expect(await page.syncNow.isDisabled()).toBe(true);
      await page.save.click();
      await page.page.getByText('Settings saved.').waitFor();
    });

    test('settings that were saved elsewhere are shown at once; changes that are not saved stay until they are dropped', async () => {
      const save = (trashDays: number) => strapi.admin.put('/s3-sync/settings').send({ trashDays }).expect(200);
      await ada.visit('settings');
      await ada.openSection('Guards');
      await save(3);
      await ada.page.locator('[name=trashDays][value="3"]').waitFor();
      expect(await ada.page.getByText('The settings were changed elsewhere').count()).toBe(0);

      await ada.field('maxDeleteFiles').fill('99');
      await save(4);
      await ada.comeBack();
      await ada.page.getByText('The settings were changed elsewhere').waitFor();
      expect(await ada.field('trashDays').inputValue()).toBe('3');
      expect(await ada.faults('settings-changed-elsewhere')).toEqual([]);
      await ada.page.getByRole('button', { name: 'Load the new ones and drop my changes' }).click();
      await ada.page.locator('[name=trashDays][value="4"]').waitFor();
      expect(await ada.field('maxDeleteFiles').inputValue()).toBe('10');
      expect(await ada.save.isDisabled()).toBe(true);
    });

    test('an administrator whose role loses the page meanwhile is told so', async () => {
      const role = await addRole(strapi, 'ida', ['settings.read', 'sync.run']);
      await page.become(await addAdministratorTo(strapi, 'ida', role));
      await page.visit('sync');
      await page.syncNow.waitFor();
      await allow(strapi, role, []);
      await page.syncNow.click();
      await page.page.locator('[data-notice]').getByText('Your login has ended, or your role was changed.').waitFor();
      expect(await page.faults('logged-out')).toEqual([]);
    });

    test('who is logged out meanwhile comes to the login and from there back to the page', async () => {
      await ada.visit('sync');
      await ada.syncNow.waitFor();
      await ada.logOutBehindItsBack();
      await ada.syncNow.click();
      await ada.page.locator('[data-notice]').getByText('Your login has ended, or your role was changed.').waitFor();
      await ada.page.getByRole('button', { name: 'Reload the page' }).click();
      await ada.page.waitForURL((address) => address.pathname.includes('/auth/login'));
      await ada.logIn(administrator);
      await ada.syncNow.waitFor();
    });

    test('who may not read the settings finds neither the link nor the page', async () => {
      await page.become(await addAdministrator(strapi, 'otto', []));
      await page.page.goto(`${strapi.url}/admin/settings/s3-sync`);
      await page.page.getByText("You don't have the permissions to access that content").waitFor();
      expect(await page.page.getByRole('link', { name: 'S3 Sync' }).count()).toBe(0);
    });

    test('leaving with changes that are not saved asks first', async () => {
      await ada.visit('settings');
      await ada.openSection('Prefix and store');
      await ada.page.locator('[name=prefix]').fill('site');
      await ada.page.getByRole('link', { name: 'Webhooks' }).click();
      const dialog = ada.page.getByRole('alertdialog');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      expect(await ada.page.locator('[name=prefix]').inputValue()).toBe('site');
      expect(new URL(ada.page.url()).pathname).toBe('/admin/settings/s3-sync');
    });
  });
});

function writeFile(strapi: StrapiProcess, key: string): void {
  const file = path.join(strapi.publicDir, key);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, key);
}
