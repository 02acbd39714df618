import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type _Object, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Browser } from 'playwright-core';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { refusePuts } from '../support/refusePuts';
import { describeRealestStore, type Store } from '../support/stores';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

const FILES: Record<string, string> = {
  'uploads/sea.jpg': 'sea',
  'uploads/thumbnail_sea.jpg': 'small sea',
  'uploads/a b+c%.txt': 'odd name',
};
const LEFTOVERS = 15;

/** So many that a folder which loses all of them makes a person be asked. */
const FOLDER = 12;

describeWithChromium('settings page', () => {
  describeRealestStore('from nothing to a finished sync', (store) => {
    let browser: Browser | undefined;
    let strapi: StrapiProcess;
    let page: SettingsPage;
    let client: S3Client;
    let bucketName: string;

    beforeAll(async () => {
      client = store().client();
      bucketName = await store().createBucket();
      // What an earlier site may have left in the bucket: more than a first run deletes without asking.
      await Promise.all(
        Array.from({ length: LEFTOVERS }, (_, number) => put(client, bucketName, `uploads/old-${number}`)),
      );
      strapi = await startStrapiProcess({ plugin: 'built', serveAdminPanel: true, pluginConfig: configOf(store()) });
      for (const [key, content] of Object.entries(FILES)) writeFile(strapi, key, content);
      browser = await launchChromium();
      page = await SettingsPage.open(browser, strapi.url, { login: administrator });
    });

    afterAll(async () => {
      await browser?.close();
      await strapi.stop();
      client.destroy();
    });

    test('is reached from the settings, begins with them, and says what is missing', async () => {
      await page.page.goto(`${strapi.url}/admin`);
      await page.page.getByRole('link', { name: 'Settings', exact: true }).first().click();
      // Not the one of the widget, which is still there for a moment.
      await page.page.getByRole('link', { name: 'S3 Sync', exact: true }).click();
      await page.problems.waitFor();
      expect(await page.problems.getByRole('listitem').count()).toBe(3);
      await page.bucketName.waitFor();
      expect(await page.field('endpoint').count()).toBe(0);
      expect(await page.faults('set-up-01-missing')).toEqual([]);
      await page.openTab('Sync');
      await page.page.getByText('Still missing: Bucket name, Region, and Mode.').waitFor();
      expect(await page.syncNow.isDisabled()).toBe(true);
      expect(await page.faults('set-up-01-missing-sync')).toEqual([]);
      await page.openTab('Settings');
    });

    test('shows a value of config/plugins and where the keys come from, and lets neither be changed', async () => {
      await page.openSection('Prefix and store');
      expect(await page.field('endpoint').inputValue()).toBe(store().endpoint);
      expect(await page.field('endpoint').isDisabled()).toBe(true);
      expect(await page.page.getByText('Set in config/plugins. Change it there.').count()).toBe(2);
      await page.page.getByText('Taken from config/plugins.').waitFor();
      expect(await page.page.content()).not.toContain(store().credentials.secretAccessKey);
      expect(await page.faults('set-up-02-advanced')).toEqual([]);
    });

    test('puts the message of a bad bucket name at its field, and nothing is saved', async () => {
      await page.bucketName.fill('Bad_Name');
      await page.save.click();
      await page.errorOf('bucketName').waitFor();
      expect(await page.errorOf('bucketName').textContent()).toBe('A bucket name has no upper case letters.');
      expect(await page.bucketName.getAttribute('aria-invalid')).toBe('true');
      await page.whenFocused(page.bucketName);
      expect(await savedSettings(strapi)).not.toHaveProperty('bucketName');
      expect(await page.faults('set-up-03-bad-name')).toEqual([]);
      await page.bucketName.fill('');
    });

    test('tells what a real store refuses, and what it does not have', async () => {
      await page.bucketName.fill(`${bucketName}-missing`);
      await page.region.fill(store().region);
      await page.testConnection.click();
      await page.page.locator('[data-test=failed]').waitFor();
      await page.page.getByText('The bucket does not exist.').waitFor();
      expect(await page.check('list').getAttribute('data-outcome')).toBe('failed');

      await page.bucketName.fill(bucketName);
      const allowPuts = await refusePuts(store(), bucketName, '*');
      await page.testConnection.click();
      await page.page.getByText('Allow s3:PutObject on this bucket').waitFor();
      expect(await page.check('list').getAttribute('data-outcome')).toBe('passed');
      expect(await page.check('put').getAttribute('data-outcome')).toBe('refused');
      expect(await page.faults('set-up-03-refused-action')).toEqual([]);
      await allowPuts();

      await page.save.click();
      await page.page.getByText('Settings saved.').waitFor();
      await page.openTab('Sync');
      await page.page.getByText('Still missing: Mode.').waitFor();
      expect(await page.syncNow.isDisabled()).toBe(true);
      const nothing = await strapi.admin.put('/s3-sync/settings').send({ bucketName: null, awsRegion: null });
      expect(nothing.status).toBe(200);
    });

    test('is set up, tested and saved by keyboard alone, and a reload shows what was saved', async () => {
      const { keyboard } = page.page;
      await page.visit();
      await page.tabTo(page.bucketName);
      await keyboard.type(bucketName);
      await page.tabTo(page.region);
      // Found by its name, taken from the list.
      await keyboard.type('virgin');
      await page.page.getByRole('option', { name: 'us-east-1 US East (N. Virginia)' }).waitFor();
      await keyboard.press('ArrowDown');
      await page.page.locator('[name=awsRegion][aria-activedescendant]').waitFor();
      await keyboard.press('Enter');
      await page.whenHolds(page.region, 'us-east-1');
      await page.tabTo(page.mode('SINGLE'));
      await keyboard.press('Space');
      await page.page.getByRole('radio', { name: 'SINGLE', checked: true }).waitFor();

      await page.tabTo(page.testConnection);
      await keyboard.press('Enter');
      await page.page.getByText('The connection works.').waitFor();
      for (const step of ['region', 'list', 'put', 'get', 'delete']) {
        expect(await page.check(step).getAttribute('data-outcome')).toBe('passed');
      }
      expect(await page.faults('set-up-04-tested')).toEqual([]);
      expect(await savedSettings(strapi)).not.toHaveProperty('bucketName');

      await page.tabTo(page.save, 'Shift+Tab');
      await keyboard.press('Enter');
      await page.page.getByText('Settings saved.').waitFor();
      await page.problems.waitFor({ state: 'detached' });
      await page.visit('settings');
      expect(await page.bucketName.inputValue()).toBe(bucketName);
      expect(await page.region.inputValue()).toBe(store().region);
      expect(await page.mode('SINGLE').isChecked()).toBe(true);
      expect(await page.save.isDisabled()).toBe(true);
      expect(await savedSettings(strapi)).toMatchObject({ bucketName, awsRegion: store().region, mode: 'SINGLE' });
    });

    test('asks before the first sync deletes much, and shows what it would delete', async () => {
      await page.visit('sync');
      await page.seeRun('refused', () => page.syncNow.click());
      const guard = `This first sync would delete ${LEFTOVERS} files in the bucket`;
      expect(await page.page.getByText(guard).isVisible()).toBe(true);
      await page.page.getByText('uploads/old-').first().waitFor();
      expect(await keysIn(client, bucketName)).toHaveLength(LEFTOVERS + Object.keys(FILES).length);
      expect(await page.faults('set-up-05-refused')).toEqual([]);
    });

    test('does exactly the deletes a person confirms in the dialog', async () => {
      const name = `Delete ${LEFTOVERS} files`;
      await page.page.getByRole('button', { name }).click();
      const dialog = page.page.getByRole('alertdialog', { name: `${name}?` });
      await dialog.waitFor();
      expect(await dialog.locator('[data-deletes=remote]').textContent()).toContain(`${LEFTOVERS} files in the bucket`);
      expect(await dialog.locator('[data-deletes=local]').count()).toBe(0);
      expect(await page.dialogFaults('set-up-06-confirm')).toEqual([]);
      await dialog.getByRole('button', { name: 'Back' }).click();
      expect(await keysIn(client, bucketName)).toHaveLength(LEFTOVERS + Object.keys(FILES).length);

      await page.page.getByRole('button', { name }).click();
      const confirm = dialog.getByRole('button', { name });
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.getByLabel(`Type ${LEFTOVERS} to confirm`).fill(String(LEFTOVERS - 1));
      expect(await confirm.isDisabled()).toBe(true);
      await dialog.getByLabel(`Type ${LEFTOVERS} to confirm`).fill(String(LEFTOVERS));
      await page.seeRun('done', () => confirm.click());
      expect(await page.count('deletedRemote').textContent()).toBe(String(LEFTOVERS));
      expect(await keysIn(client, bucketName)).toEqual(Object.keys(FILES).sort());
    });

    test('Sync Files Now brings a new file to the bucket and shows what was done', async () => {
      writeFile(strapi, 'uploads/new.txt', 'new');
      await page.page.keyboard.press('Escape');
      await page.whenEnabled(page.syncNow);
      await page.syncNow.focus();
      await page.seeRun('done', () => page.page.keyboard.press('Enter'));
      await expectText(page, 'uploaded', '1');
      expect(await page.count('unchanged').textContent()).toBe('3');
      expect(await page.page.getByText('The bucket and the files are in step.').first().isVisible()).toBe(true);
      expect(await keysIn(client, bucketName)).toEqual([...Object.keys(FILES), 'uploads/new.txt'].sort());
      expect(await page.faults('set-up-07-done')).toEqual([]);
    });

    test('lists the runs, and a row opens its run', async () => {
      await page.visit('history');
      const first = page.history.first();
      await first.waitFor();
      expect(await first.textContent()).toContain('Button, Ada Admin');
      expect(await first.textContent()).toContain('Done');
      const refused = page.history.filter({ hasText: 'Refused' }).first();
      await refused.getByRole('button').focus();
      await page.page.keyboard.press('Enter');
      await page.page.locator('[data-run-page]').waitFor();
      await page.page.getByText('uploads/old-').first().waitFor();
      // An old run's deletes are only looked at: what it withheld may no longer be what is wanted.
      expect(await page.page.getByRole('button', { name: /^Delete/ }).count()).toBe(0);
      await page.page.getByRole('button', { name: 'All runs' }).click();
      await first.waitFor();
    });

    test('saves a change and syncs at once, and says why the run failed and what to do', async () => {
      await page.visit('settings');
      await page.bucketName.fill(`${bucketName}-missing`);
      await page.openTab('Sync');
      await page.page.getByText('There are changes that are not saved.').waitFor();
      expect(await page.faults('set-up-08-unsaved')).toEqual([]);
      await page.seeRun('failed', () => page.saveAndSync.click());
      expect(await page.page.getByText('The bucket does not exist.').isVisible()).toBe(true);
      expect(await page.page.getByText('Check the name of the bucket, or make it.').isVisible()).toBe(true);
      await page.whenEnabled(page.page.getByRole('button', { name: 'Try again' }));
      expect(await savedSettings(strapi)).toMatchObject({ bucketName: `${bucketName}-missing` });
      expect(await page.faults('set-up-09-failed')).toEqual([]);
    });

    test('takes over the bucket of another site only when told so', async () => {
      const other = await store().createBucket();
      await put(
        client,
        other,
        '.s3-sync/owner',
        JSON.stringify({ version: 1, siteId: 'other', databaseHash: 'other' }),
      );
      await page.visit('settings');
      await page.bucketName.fill(other);
      await page.openTab('Sync');
      await page.saveAndSync.click();
      await page.page.getByText('The bucket belongs to another site').first().waitFor();
      expect(await keysIn(client, other)).toEqual([]);
      expect(await page.faults('set-up-10-other-site')).toEqual([]);

      await page.page.getByRole('button', { name: 'Take over this bucket' }).click();
      const dialog = page.page.getByRole('alertdialog');
      expect(await page.dialogFaults('set-up-11-take-over')).toEqual([]);
      await page.seeRun('done', () => dialog.getByRole('button', { name: 'Take over this bucket' }).click());
      expect(await keysIn(client, other)).toEqual([...Object.keys(FILES), 'uploads/new.txt'].sort());
    });

    test('a refused sync stays in sight when an image goes well, and is settled by keyboard from its own page', async () => {
      const folder = path.join(strapi.publicDir, 'uploads', '2024');
      const names = Array.from({ length: FOLDER }, (_, number) => `uploads/2024/${number}.txt`);
      for (const name of names) writeFile(strapi, name, name);
      await page.seeRun('done', () => page.syncNow.click());
      await expectText(page, 'uploaded', String(FOLDER));
      rmSync(folder, { recursive: true });
      await page.seeRun('refused', () => page.syncNow.click());
      await page.page.getByText('A folder that was full is empty').first().waitFor();
      expect(await page.faults('guard-folder-emptied')).toEqual([]);
      await page.page.getByRole('button', { name: 'Restore from the bucket' }).click();
      expect(await page.dialogFaults('guard-folder-emptied-restore')).toEqual([]);
      await page.page.keyboard.press('Escape');

      await strapi.admin.post('/upload').attach('files', Buffer.from('an image'), 'image.txt').expect(201);
      await page.page.locator('[data-last-run=done]').waitFor();
      await page.result('refused').waitFor();
      await page.whenEnabled(page.page.getByRole('button', { name: `Delete ${FOLDER} files` }));
      await page.page.locator('[data-state=out-of-step]').waitFor();
      expect(await page.faults('refused-then-done')).toEqual([]);

      await page.page.goto(`${strapi.url}/admin`);
      const widget = page.page.locator('[data-widget]');
      await widget.getByText('Refused').waitFor();
      for (const theme of ['dark', 'light'] as const) {
        await page.chooseTheme(theme);
        for (const width of [1280, 768]) await page.screenshot(`widget-refused-${theme}-${width}`, width);
      }
      await widget.getByRole('link', { name: 'See what happened' }).click();
      await page.page.locator('[data-run-page]').waitFor();
      expect(await page.faults('refused-run')).toEqual([]);

      const name = `Delete ${FOLDER} files`;
      await page.tabTo(page.page.getByRole('button', { name }));
      await page.page.keyboard.press('Enter');
      const typed = page.page.getByRole('alertdialog').getByLabel(`Type ${FOLDER} to confirm`);
      await page.tabTo(typed);
      await page.page.keyboard.type(String(FOLDER));
      await page.tabTo(page.page.getByRole('alertdialog').getByRole('button', { name }));
      await page.page.keyboard.press('Enter');
      await page.result('done').waitFor();
      await expectText(page, 'deletedRemote', String(FOLDER));
      await page.page.locator('[data-state=in-step]').waitFor();
      expect(await page.page.locator('[data-last-run]').count()).toBe(0);
    });

    test('states that take a crash or another server look right too', async () => {
      await page.visit('sync');
      await page.result('done').waitFor();
      const run = (more: object) => ({
        id: 1,
        trigger: 'button',
        scope: 'whole',
        mode: 'SINGLE',
        startedAt: new Date().toISOString(),
        endedAt: new Date().toISOString(),
        uploaded: 3,
        downloaded: 0,
        deletedRemote: 0,
        deletedLocal: 0,
        unchanged: 5,
        conflicts: 0,
        failed: 0,
        withheld: 0,
        bytes: 3_000,
        requests: {},
        ...more,
      });
      const message =
        'Another server of this site (web-2, /srv/site/public) is alive and syncs a directory of its own.';
      const fix = 'Stop the other server, or choose MULTI mode if both are to stay.';
      const refused = { guard: 'other-directory', count: 0, limit: 0, message, fix };
      const stopped = { status: 'refused', uploaded: 0, unchanged: 0, bytes: 0 };
      const states: Record<string, [object, string]> = {
        interrupted: [
          { lastRun: run({ status: 'interrupted' }), unresolved: run({ status: 'interrupted' }) },
          'Interrupted',
        ],
        'guard-other-directory': [
          { lastRun: run({ ...stopped, refused }), unresolved: run({ ...stopped, refused }) },
          'Another directory is synced with this bucket',
        ],
        'error-provider': [
          {
            state: 'off',
            problems: [{ code: 'PROVIDER_NOT_LOCAL', values: { provider: 'aws-s3' }, message: 'Not local.' }],
          },
          'The upload provider is "aws-s3".',
        ],
      };
      for (const [name, [change, text]] of Object.entries(states)) {
        const end = await page.pretend('/status', (answer) => ({ ...answer, state: 'out-of-step', ...change }));
        await page.comeBack();
        await page.page.getByText(text).first().waitFor();
        expect(await page.faults(name)).toEqual([]);
        await end();
      }
      await page.comeBack();
      await page.result('done').waitFor();
      const plan = {
        code: 'ACCESS_DENIED',
        message: `The store denied access to ${bucketName}.`,
        fix: 'Allow s3:ListBucket.',
      };
      const counts = Object.fromEntries(
        ['upload', 'download', 'delete-remote', 'delete-local', 'conflict'].map((one) => [one, { files: 0, bytes: 0 }]),
      );
      const end = await page.pretend('/plans', () => ({
        results: [
          {
            id: 'x',
            status: 'failed',
            startedAt: '2026-01-01',
            host: 'web-1',
            seen: 0,
            failed: 0,
            counts,
            error: plan,
          },
        ],
      }));
      await page.openTab('Preview');
      await page.page.getByText('The store denied access.').first().waitFor();
      expect(await page.faults('preview-failed')).toEqual([]);
      await end();
    });

    test('writes no error to the console of the browser', () => {
      expect(page.consoleErrors).toEqual([]);
    });
  });
});

/** What only `config/plugins` can hold, or a test wants fixed: between what it does and its look no sync comes by itself. */
function configOf({ endpoint, credentials }: Store): Record<string, unknown> {
  // Field by field: the SDK adds one of its own to the object it is given.
  const { accessKeyId, secretAccessKey } = credentials;
  return { endpoint, forcePathStyle: true, accessKeyId, secretAccessKey, scanEvery: 0, reconcileCron: null };
}

function writeFile(strapi: StrapiProcess, key: string, content: string): void {
  const file = path.join(strapi.publicDir, key);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}

async function put(client: S3Client, bucketName: string, key: string, body = key): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: body }));
}

/** Keys of a small bucket, without the plugin's own. */
async function keysIn(client: S3Client, bucketName: string): Promise<string[]> {
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: bucketName }));
  const keys = (Contents ?? []).map(({ Key }: _Object) => Key ?? '');
  return keys.filter((key) => !key.startsWith('.s3-sync/')).sort();
}

async function savedSettings(strapi: StrapiProcess): Promise<unknown> {
  const { body }: { body: { settings: unknown } } = await strapi.admin.get('/s3-sync/settings').expect(200);
  return body.settings;
}

/** Waits until a number of the last run is this one. */
async function expectText(page: SettingsPage, count: string, text: string): Promise<void> {
  await page
    .count(count)
    .filter({ hasText: new RegExp(`^${text}$`) })
    .waitFor();
}
