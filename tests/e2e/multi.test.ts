import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { z } from 'zod';
import { startPostgres, type PostgresServer } from '../support/postgres';
import { endOfStart } from '../support/runs';
import { SiteBucket } from '../support/SiteBucket';
import { describeRealestStore } from '../support/stores';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { TcpProxy } from '../support/TcpProxy';
import { waitUntil } from '../support/waitUntil';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

const KEY = 'uploads/page.txt';
const uploadAnswer = z.array(z.object({ url: z.string() })).length(1);

describeWithChromium('settings page', () => {
  describeRealestStore('of two servers, by keyboard alone', (store) => {
    let postgres: PostgresServer;
    let bucket: SiteBucket;
    let proxy: TcpProxy;
    let other: StrapiProcess | undefined;
    let strapi: StrapiProcess;
    let browser: Browser | undefined;
    let page: SettingsPage;

    beforeAll(async () => {
      [postgres, bucket, proxy] = await Promise.all([
        startPostgres(),
        SiteBucket.create(store()),
        TcpProxy.start(store().endpoint),
      ]);
      const { connection } = postgres;
      // It knows bucket and mode from its config/plugins, and is there first.
      const pluginConfig = bucket.config({ mode: 'MULTI' });
      other = await startStrapiProcess({ plugin: 'built', connection, pluginConfig });
      await endOfStart(other);
      strapi = await startStrapiProcess({
        plugin: 'built',
        serveAdminPanel: true,
        connection,
        // Nothing but the keyboard starts a sync.
        pluginConfig: {
          ...bucket.connection(),
          endpoint: proxy.endpoint,
          syncOn: { enabled: false },
          scanEvery: 0,
          reconcileCron: null,
        },
      });
      browser = await launchChromium();
      page = await SettingsPage.open(browser, strapi.url, { login: administrator });
    });

    afterAll(async () => {
      await browser?.close();
      await Promise.all([strapi.stop(), other?.stop()]);
      await Promise.all([postgres.stop(), proxy.close()]);
    });

    const press = (key: string) => page.page.keyboard.press(key);
    const file = () => path.join(strapi.publicDir, KEY);

    /** Goes to the tabs and along them, which opens each on the way. */
    async function walkToTab(name: string): Promise<void> {
      const chosen = page.page.getByRole('tab', { selected: true });
      await page.tabTo(chosen, 'Shift+Tab');
      await press('Home');
      const isSelected = async (tab: Locator) =>
        (await tab.getAttribute('aria-selected')) === 'true' ? true : undefined;
      await waitUntil('the first tab', () => isSelected(page.page.getByRole('tab').first()));
      const tab = page.page.getByRole('tab', { name, exact: true });
      for (let steps = 0; steps < 5 && !(await isSelected(tab)); steps += 1) {
        // A busy page takes its time: a second key before it has followed would lead past the tab.
        const before = await chosen.textContent();
        await press('ArrowRight');
        await waitUntil('the next tab', async () => ((await chosen.textContent()) === before ? undefined : true));
      }
      await page.page.getByRole('tab', { name, exact: true, selected: true }).waitFor();
    }

    test('MULTI is set up, tested, saved and synced', async () => {
      await page.visit();
      await page.tabTo(page.bucketName);
      await page.page.keyboard.type(bucket.name);
      await page.tabTo(page.region);
      await page.page.keyboard.type(store().region);
      await press('Escape');
      await page.tabTo(page.mode('SINGLE'));
      await press('ArrowDown');
      await page.mode('MULTI').and(page.page.locator(':focus')).waitFor();
      await press('Space');
      await page.page.getByRole('radio', { name: 'MULTI', checked: true }).waitFor();

      await page.tabTo(page.testConnection);
      await press('Enter');
      await page.page.getByText('The connection works.').waitFor();
      await page.tabTo(page.save, 'Shift+Tab');
      await press('Enter');
      await page.page.getByText('Settings saved.').waitFor();

      await walkToTab('Sync');
      // Once the settings are saved, a first sync begins by itself.
      await page.result('done').waitFor();
      writeFileSync(file(), 'what both agree on');
      await page.tabTo(page.syncNow);
      await page.seeRun('done', () => press('Enter'));
      expect(await bucket.objects()).toHaveProperty([KEY]);
    });

    test('the status tells the other server, when each was last seen, and what the store honours', async () => {
      if (other === undefined) throw new Error('The other server is not started.');
      await page.tabTo(page.page.getByRole('button', { name: /^Servers/ }));
      await press('Enter');
      const rows = page.page.locator('[data-instance]');
      await rows.nth(1).waitFor();
      expect(await rows.count()).toBe(2);
      const here = rows.filter({ hasText: 'This server' });
      const there = rows.filter({ hasText: `Process ${other.pid}` });
      expect(await here.textContent()).toContain(strapi.publicDir);
      expect(await there.textContent()).toContain(other.publicDir);
      for (const row of [here, there]) {
        expect(await row.locator('[data-last-seen]').textContent()).toMatch(/\d:\d\d/);
        expect(await row.getByText('No sign of life').count()).toBe(0);
      }
      // What is honoured differs by store; that it was found out does not.
      await page.page.getByText(/^The store (honours all of them|does not honour: )/).waitFor();
      expect(await page.faults('multi-servers')).toEqual([]);
    });

    test('a run of the other server is told as such, and keeps nobody from a sync here', async () => {
      if (other === undefined) throw new Error('The other server is not started.');
      // Without the id of its directory as yet, so that a real run of that server does not take it for a killed one.
      const [row] = await postgres.query(
        `INSERT INTO s3_sync_runs
           (trigger, mode, status, started_at, heartbeat_at, host, pid, boot_id, directory)
         SELECT 'cron', mode, 'running', now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', host, pid, boot_id, directory
         FROM s3_sync_instances WHERE pid = $1 RETURNING id`,
        [other.pid],
      );
      const { id } = z.object({ id: z.number() }).parse(row);
      // That server may be at work itself, and its runs be told too.
      const toldAs = (status: string) =>
        page.page.locator(`[data-elsewhere=${status}]`).filter({ has: page.page.locator(`a[href$="#history/${id}"]`) });
      await page.comeBack();
      await toldAs('running').getByText(`process ${other.pid}`).waitFor();
      await page.whenEnabled(page.syncNow);
      expect(await page.cancel.count()).toBe(0);
      writeFileSync(path.join(strapi.publicDir, 'uploads/beside.txt'), 'beside a run elsewhere');
      await page.tabTo(page.syncNow, 'Shift+Tab');
      await page.seeRun('done', () => press('Enter'));
      await page.count('uploaded').filter({ hasText: /^1$/ }).waitFor();
      expect(await page.page.locator('[data-result]').textContent()).toContain('Button, Ada Admin');
      expect(await page.faults('multi-elsewhere')).toEqual([]);

      const refused = { guard: 'max-delete', count: 20, limit: 10, message: 'It would delete 20 files.', fix: 'Look.' };
      const result = JSON.stringify({ scope: 'whole', withheld: 20, refused: { ...refused, digest: 'a'.repeat(64) } });
      const end = `UPDATE s3_sync_runs SET status = 'refused', ended_at = started_at, result = $2,
        directory_id = (SELECT directory_id FROM s3_sync_instances WHERE pid = $3) WHERE id = $1`;
      await postgres.query(end, [id, result, other.pid]);
      await page.comeBack();
      await toldAs('refused').waitFor();
      await page.result('done').waitFor();
      expect(await page.faults('multi-elsewhere-refused')).toEqual([]);
      await page.visit(`history/${id}`);
      await page.page.getByText('Settle it on that server').waitFor();
      expect(await page.page.getByRole('button', { name: /^Delete/ }).count()).toBe(0);
      await postgres.query('DELETE FROM s3_sync_runs WHERE id = $1', [id]);
      await page.visit('sync');
      await page.openSection('Servers');

      // From here on the runs are those of this server alone.
      const rows = page.page.locator('[data-instance]');
      await rows.nth(1).waitFor();
      await other.stop();
      other = undefined;
      await page.comeBack();
      await rows.nth(1).waitFor({ state: 'detached' });
    });

    test('a conflict is told with its file, cause and fix on the page of its run', async () => {
      writeFileSync(file(), 'changed here, an hour ago');
      const hourAgo = new Date(Date.now() - 3_600_000);
      utimesSync(file(), hourAgo, hourAgo);
      await bucket.put(KEY, 'changed elsewhere, just now');
      await page.tabTo(page.syncNow, 'Shift+Tab');
      await page.seeRun('done', () => press('Enter'));
      expect(readFileSync(file(), 'utf8')).toBe('changed elsewhere, just now');
      await page.count('conflicts').filter({ hasText: /^1$/ }).waitFor();

      await walkToTab('History');
      await page.walkTo(page.history.first().getByRole('button'));
      await press('Enter');
      const conflicts = page.page.getByRole('region', { name: 'Conflicts' });
      await conflicts.getByText(KEY, { exact: true }).waitFor();
      await conflicts.getByText('The file was changed on both sides.').waitFor();
      expect(await conflicts.textContent()).toContain('the other one is in the trash');
      expect(await page.faults('multi-conflict')).toEqual([]);
      // The button that leads back has the focus.
      await press('Enter');
      await page.history.first().waitFor();
    });

    test('what went wrong between the runs is told in the history too', async () => {
      const uploaded = await strapi.admin.post('/upload').attach('files', Buffer.from('asked for'), 'asked-for.txt');
      const url = uploadAnswer.parse(uploaded.body)[0]?.url ?? '';
      rmSync(path.join(strapi.publicDir, url));
      proxy.cut();
      await strapi.request.get(url).expect(404);
      proxy.mend();
      await waitUntil(
        'it is written down',
        async () => {
          const { body }: { body: { results: unknown[] } } = await strapi.admin.get('/s3-sync/errors').expect(200);
          return body.results.length > 0 ? true : undefined;
        },
        60_000,
      );
      const errors = page.page.getByRole('region', { name: 'Errors outside of runs' });
      await walkToTab('Sync');
      await walkToTab('History');
      await errors.getByText('Fetching a file that was asked for').waitFor();
      await errors.getByText(url.slice(1)).waitFor();
      expect(await page.faults('multi-history')).toEqual([]);
    });

    test('the loser of the conflict is found in the trash and restored', async () => {
      await walkToTab('Trash');
      const item = page.page.locator('[data-trash]');
      await item.getByText('Older one of a conflict').waitFor();
      expect(await page.faults('multi-trash')).toEqual([]);
      await page.tabTo(page.page.locator('[name=trash-search]'));
      await page.page.keyboard.type('page.txt');
      await page.walkTo(page.page.getByRole('button', { name: `Restore ${KEY}` }));
      await press('Enter');
      await page.page.getByText(`${KEY} is back in its place.`).first().waitFor();
      expect(readFileSync(file(), 'utf8')).toBe('changed here, an hour ago');
      expect(page.consoleErrors).toEqual([]);
    });
  });
});
