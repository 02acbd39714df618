import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { refusePuts } from '../support/refusePuts';
import { endOfStart, syncNow } from '../support/runs';
import { SiteBucket } from '../support/SiteBucket';
import { describeRealestStore } from '../support/stores';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { TcpProxy } from '../support/TcpProxy';
import { textsOf } from '../support/textsOf';
import { addAdministrator } from './administratorsOfTests';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

/** Half a year away, so that a full comparison is awaited and never comes about. */
function notToday(): string {
  return `0 3 1 ${((new Date().getMonth() + 6) % 12) + 1} *`;
}

describeWithChromium('settings page', () => {
  describeRealestStore('shows what syncs would do and did', (store) => {
    let proxy: TcpProxy;
    let bucket: SiteBucket;
    let browser: Browser | undefined;
    let strapi: StrapiProcess;
    let ada: SettingsPage;

    beforeAll(async () => {
      proxy = await TcpProxy.start(store().endpoint);
      bucket = await SiteBucket.create(store());
      strapi = await startStrapiProcess({
        plugin: 'built',
        serveAdminPanel: true,
        // Nothing but the tests themselves changes what a preview has shown.
        pluginConfig: bucket.config({
          endpoint: proxy.endpoint,
          syncOn: { enabled: false },
          scanEvery: 0,
          reconcileCron: notToday(),
        }),
      });
      await endOfStart(strapi);
      browser = await launchChromium();
      ada = await SettingsPage.open(browser, strapi.url, { login: administrator });
    });
    afterAll(async () => {
      await ada.close();
      await browser?.close();
      await strapi.stop();
      await proxy.close();
    });
    beforeEach(() => {
      proxy.mend();
    });

    const uploads = () => path.join(strapi.publicDir, 'uploads');
    const write = (name: string, content = name) => {
      writeFileSync(path.join(uploads(), name), content);
    };
    const remove = (name: string) => {
      rmSync(path.join(uploads(), name));
    };

    async function makePreview(page: SettingsPage): Promise<void> {
      const before = await page.page
        .locator('[data-plan]')
        .getAttribute('data-plan')
        .catch(() => null);
      await page.page.getByRole('button', { name: /^Make a (new )?preview$/ }).click();
      await page.page.locator(`[data-plan]${before === null ? '' : `:not([data-plan="${before}"])`}`).waitFor();
    }

    const rows = (page: SettingsPage) => page.page.locator('[data-row]');

    /** Goes to the home page, and waits until none of its widgets is loading. */
    async function goHome(): Promise<void> {
      await ada.page.goto(`${strapi.url}/admin`);
      await ada.page.getByRole('heading', { level: 1 }).waitFor();
      await ada.page.getByText('Profile').first().waitFor();
      await ada.page.getByText('Loading widget content').first().waitFor({ state: 'detached' });
    }

    test('a preview is made, filtered, searched and sorted, and applied as it was shown', async () => {
      for (const name of ['gone-1.txt', 'gone-2.txt', 'kept.txt']) write(name);
      await syncNow(strapi);
      remove('gone-1.txt');
      remove('gone-2.txt');
      write('kept.txt', 'changed');
      write('new.txt', 'a new file');
      await ada.visit('preview');
      await ada.page.getByText('There is no preview yet.').waitFor();
      await ada.whenEnabled(ada.page.getByRole('button', { name: 'Make a preview' }));
      expect(await ada.faults('preview-none')).toEqual([]);
      await ada.page.getByRole('button', { name: 'Make a preview' }).click();
      await ada.page.locator('[data-plan]').waitFor();
      await rows(ada).first().waitFor();
      expect(await rows(ada).evaluateAll((all) => all.map((row) => row.getAttribute('data-row')))).toEqual([
        'delete-remote',
        'delete-remote',
        'upload',
        'upload',
      ]);
      expect(await rows(ada).nth(2).textContent()).toContain('uploads/kept.txt');
      expect(await rows(ada).nth(2).textContent()).toContain('Changed here.');
      expect(await ada.faults('preview')).toEqual([]);

      // By keyboard: a kind, then all again, then a search.
      const uploadsOnly = ada.page.locator('[data-filter=upload]');
      await ada.tabTo(uploadsOnly);
      await ada.page.keyboard.press('Enter');
      await ada.page.locator('[data-row=delete-remote]').first().waitFor({ state: 'detached' });
      expect(await uploadsOnly.getAttribute('aria-pressed')).toBe('true');
      await ada.page.keyboard.press('Enter');
      await ada.page.locator('[data-row=delete-remote]').first().waitFor();
      const search = ada.page.locator('[name=plan-search]');
      await ada.tabTo(search);
      await ada.page.keyboard.type('GONE-2');
      await rows(ada).nth(1).waitFor({ state: 'detached' });
      await rows(ada).filter({ hasText: 'uploads/gone-2.txt' }).waitFor();
      await search.fill('nowhere');
      await ada.page.getByText('No file matches.').waitFor();
      await search.fill('');
      await rows(ada).nth(3).waitFor();
      await ada.tabTo(ada.page.locator('table').locator('[tabindex="0"]').first());
      await ada.page.locator('[data-sort=size]').focus();
      await ada.page.keyboard.press('Enter');
      await ada.page.locator('th[aria-sort=ascending] [data-sort=size]').waitFor();
      await ada.page.keyboard.press('Enter');
      await ada.page.locator('th[aria-sort=descending]').waitFor();
      await rows(ada).first().filter({ hasText: 'new.txt' }).waitFor();

      await ada.page.getByRole('button', { name: 'Apply, with 2 deletes' }).click();
      const dialog = ada.page.getByRole('alertdialog');
      await dialog.getByText('Apply this preview and delete 2 files?').waitFor();
      expect(await ada.dialogFaults('preview-apply')).toEqual([]);
      await dialog.getByRole('button', { name: 'Apply, with 2 deletes' }).click();
      await ada.count('deletedRemote').filter({ hasText: /^2$/ }).waitFor();
      await ada.result('done').waitFor();
      expect(Object.keys(await bucket.objects())).toEqual(['uploads/kept.txt', 'uploads/new.txt']);

      await ada.openTab('Preview');
      await ada.page.getByText('A sync has changed files since this preview was made.').waitFor();
    });

    test('a preview that is out of date is not applied, and the page says so', async () => {
      write('later-1.txt');
      await ada.openTab('Preview');
      await makePreview(ada);
      write('later-2.txt');
      await ada.tabTo(ada.page.getByRole('button', { name: 'Apply', exact: true }));
      await ada.page.keyboard.press('Enter');
      await ada.result('failed').waitFor();
      await ada.page.getByText('The preview is out of date.').waitFor();
      expect(Object.keys(await bucket.objects())).not.toContain('uploads/later-1.txt');
      await syncNow(strapi);
    });

    test('a preview names the guard that would withhold deletes, and can be applied with them or without', async () => {
      for (let index = 0; index < 20; index += 1) write(`many-${index}.txt`);
      await syncNow(strapi);
      for (let index = 0; index < 20; index += 1) remove(`many-${index}.txt`);
      write('one-more.txt');
      await ada.openTab('Preview');
      await makePreview(ada);
      await ada.page.getByText('This sync would delete unusually many files: 20').waitFor();
      expect(await ada.faults('preview-refused')).toEqual([]);
      await ada.page.getByRole('button', { name: 'Apply without the deletes' }).click();
      await ada.result('refused').waitFor();
      expect(Object.keys(await bucket.objects())).toContain('uploads/many-1.txt');
      expect(await ada.faults('guard-max-delete')).toEqual([]);

      await ada.openTab('Preview');
      await makePreview(ada);
      await ada.page.getByRole('button', { name: 'Apply, with 20 deletes' }).click();
      const dialog = ada.page.getByRole('alertdialog');
      await dialog.getByLabel('Type 20 to confirm').fill('20');
      await dialog.getByRole('button', { name: 'Apply, with 20 deletes' }).click();
      await ada.result('done').waitFor();
      expect(Object.keys(await bucket.objects())).not.toContain('uploads/many-1.txt');
    });

    test('the status says how both sides stand, what comes next, and what asked for syncs', async () => {
      await syncNow(strapi);
      await ada.openTab('Sync');
      await ada.comeBack();
      await ada.page.locator('[data-state=in-step]').waitFor();
      await ada.page.getByText('Files in the bucket').waitFor();
      await ada.page.getByText('Next full comparison').waitFor();
      await ada.page.getByRole('button', { name: /^What asked for syncs/ }).click();
      await ada.page.locator('[data-trigger=button]').waitFor();
      expect(await ada.faults('status-triggers')).toEqual([]);
      await ada.page.getByRole('button', { name: /^Servers/ }).click();
      await ada.page.locator('[data-instance]').getByText('This server').waitFor();
      expect(await ada.faults('status-servers')).toEqual([]);
    });

    test('the history leads to the page of a run, with each file, its cause and its fix', async () => {
      const names = Array.from({ length: 30 }, (_, index) => `denied-${index}.txt`);
      for (const name of names) write(name);
      remove('kept.txt');
      const allowPuts = await refusePuts(store(), bucket.name, 'uploads/denied-*');
      const run = await syncNow(strapi);
      await allowPuts();
      await ada.visit('history');
      const row = ada.page.locator(`[data-run="${run.id}"]`);
      await row.getByText('Some files failed').waitFor();
      expect(await row.textContent()).toContain('Button, Ada Admin');
      expect(await ada.faults('history')).toEqual([]);

      await row.getByRole('button').focus();
      await ada.page.keyboard.press('Enter');
      await ada.page.locator(`[data-run-page="${run.id}"]`).waitFor();
      const failed = ada.page.getByRole('region', { name: 'Files that failed' });
      await failed.getByText('1–25 of 30').waitFor();
      const told = await failed.getByRole('listitem').allTextContents();
      await ada.page.getByRole('heading', { name: 'Deletes that were withheld' }).waitFor();
      await ada.page.getByText('uploads/kept.txt', { exact: true }).waitFor();
      expect(await ada.faults('history-run')).toEqual([]);
      await ada.tabTo(ada.page.getByRole('button', { name: 'Next page' }));
      await ada.page.keyboard.press('Enter');
      await failed.getByText('26–30 of 30').waitFor();
      told.push(...(await failed.getByRole('listitem').allTextContents()));
      // Several go up at once: they fail in any order.
      expect(told.sort()).toEqual(names.map((name) => `uploads/${name}`).sort());

      await ada.page.reload();
      await ada.page.locator(`[data-run-page="${run.id}"]`).waitFor();
      await ada.page.goBack();
      await row.waitFor();
      await ada.visit('history/999999');
      await ada.page.getByText('The details could not be loaded.').waitFor();
    });

    test('the home page shows a run that left files, and leads to it', async () => {
      await goHome();
      const widget = ada.page.locator('[data-widget]');
      await widget.getByText('Some files failed').waitFor();
      // The titles of Strapi's own widgets are pale (3.2:1).
      const faults = await ada.accessibilityFaults();
      expect(faults.filter((fault) => !fault.includes('<h2 id="plugin::'))).toEqual([]);
      for (const theme of ['light', 'dark'] as const) {
        await ada.chooseTheme(theme);
        for (const width of [1280, 768]) await ada.screenshot(`widget-${theme}-${width}`, width);
      }
      await ada.chooseTheme('light');
      await widget.getByRole('link', { name: 'See what happened' }).click();
      await ada.page.locator('[data-run-page]').waitFor();
      await syncNow(strapi);
      await ada.page.goto(`${strapi.url}/admin`);
      await widget.getByRole('link', { name: 'Open S3 Sync' }).waitFor();
    });

    test('the trash is searched, and a file comes back', async () => {
      const folder = path.join(uploads(), '.s3-sync', 'trash');
      mkdirSync(folder, { recursive: true });
      await ada.visit('trash');
      await ada.page.getByText('The trash is empty.').waitFor();
      for (let index = 0; index < 30; index += 1) {
        const number = String(index).padStart(2, '0');
        const id = `${Date.now().toString().padStart(13, '0').slice(0, 11).padStart(13, '0')}${number}-0000000000${number}`;
        const why = (['deleted', 'overwritten', 'lost-conflict'] as const)[index % 3];
        const record = { key: `uploads/image-${number}.png`, at: Date.now() - index * 60_000, size: 1000 * index, why };
        writeFileSync(path.join(folder, `${id}.json`), JSON.stringify(record));
        writeFileSync(path.join(folder, id), 'x'.repeat(record.size));
      }
      await ada.openTab('History');
      await ada.openTab('Trash');
      await ada.page.getByText('1–25 of 30').waitFor();
      expect(await ada.faults('trash')).toEqual([]);
      await ada.page.locator('[name=trash-search]').fill('IMAGE-07');
      await ada.page.locator('[data-trash]').nth(1).waitFor({ state: 'detached' });
      await ada.page.getByRole('button', { name: 'Restore uploads/image-07.png' }).click();
      await ada.page.getByText('uploads/image-07.png is back in its place.').first().waitFor();
      await ada.page.getByText('No file in the trash matches.').waitFor();
      expect(readdirSync(uploads())).toContain('image-07.png');
    });

    test('who may only look can neither make a preview nor apply one nor restore; who may not look sees no widget', async () => {
      await ada.become(await addAdministrator(strapi, 'vera', ['settings.read']));
      await ada.visit('preview');
      const make = ada.page.getByRole('button', { name: 'Make a new preview' });
      await make.waitFor();
      expect(await make.isDisabled()).toBe(true);
      await ada.visit('trash');
      await ada.page.getByText('Your role does not allow you to restore files.').waitFor();
      expect(await ada.page.locator('[data-trash] button').first().isDisabled()).toBe(true);
      expect(await ada.accessibilityFaults()).toEqual([]);

      await ada.become(await addAdministrator(strapi, 'otto', []));
      await goHome();
      expect(await ada.page.locator('[data-widget]').count()).toBe(0);
      await ada.become(administrator);
      await ada.visit('sync');
    });

    test.each(['de', 'es', 'fr'])('every tab speaks %s', async (language) => {
      ada.consoleErrors.length = 0;
      await ada.speak(language);
      await ada.visit('sync');
      for (const tab of ['sync', 'preview', 'history', 'trash']) {
        await ada.openTab(textsOf(language)[`tab.${tab}`] ?? tab);
        await ada.page.getByRole('tabpanel').locator('table, dl').first().waitFor();
        expect(await ada.page.locator('#main-content').textContent()).not.toMatch(/s3-sync\.[a-z]/);
        expect(await ada.languageFaults(`language-${language}-${tab}`)).toEqual([]);
      }
      expect(ada.consoleErrors).toEqual([]);
    });

    test('a preview goes on when the page is reloaded, and can be stopped', async () => {
      await ada.speak('en');
      await ada.visit('preview');
      await ada.page.getByRole('button', { name: 'Make a new preview' }).waitFor();
      // It does not end by itself before the page was looked at, however busy the machine is.
      proxy.slowDown(100_000);
      await ada.page.getByRole('button', { name: 'Make a new preview' }).click();
      await ada.page.locator('[data-plan-progress]').waitFor();
      expect(await ada.faults('preview-making')).toEqual([]);
      await ada.openTab('Sync');
      await ada.comeBack();
      await ada.page.locator('[data-previewing]').waitFor();
      await ada.page.getByText('A sync can be started when the preview has ended.').waitFor();
      expect(await ada.syncNow.isDisabled()).toBe(true);
      expect(await ada.faults('sync-previewing')).toEqual([]);
      await ada.visit('preview');
      await ada.page.locator('[data-plan-progress]').waitFor();
      await ada.page.getByRole('button', { name: 'Stop the preview' }).click();
      await ada.page.getByText('The preview was stopped before its end.').waitFor();
      await ada.openTab('Sync');
      await ada.page.locator('[data-previewing]').waitFor({ state: 'detached' });
      expect(await ada.syncNow.isEnabled()).toBe(true);
    });
  });
});
