import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { Browser } from 'playwright-core';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

const FILES = 12;

const ROWS = 100_000;

/** What a person waits for without noticing; the best of some tries counts, since other tests share the machine. */
const STEP_MS = 1_000;
const TRIES = 20;

/** To put so many files into the bucket, look at all of them, and leaf through them takes long on a busy machine. */
const ROWS_TIMEOUT_MS = 300_000;

describeWithChromium('settings page on a store with every error, and with many files [in-project]', () => {
  let store: Store & { server: S3Server };
  let browser: Browser | undefined;
  let strapi: StrapiProcess;
  let page: SettingsPage;
  let client: S3Client;
  let bucketName: string;

  beforeAll(async () => {
    store = await startInProjectStore();
    client = store.client();
    bucketName = await store.createBucket();
    const { accessKeyId, secretAccessKey } = store.credentials;
    strapi = await startStrapiProcess({
      plugin: 'built',
      serveAdminPanel: true,
      // Nothing starts by itself: each test looks at what it did. A change to MULTI mode does, when the tests have ended.
      pluginConfig: {
        forcePathStyle: true,
        accessKeyId,
        secretAccessKey,
        scanEvery: 0,
        reconcileCron: null,
        syncOn: { coalesceSeconds: 300 },
      },
    });
    for (let number = 0; number < FILES; number += 1) writeFile(`uploads/${number}.txt`);
    browser = await launchChromium();
    page = await SettingsPage.open(browser, strapi.url, { login: administrator });
  });

  afterEach(() => {
    store.server.clearFaults();
  });

  afterAll(async () => {
    await browser?.close();
    await strapi.stop();
    client.destroy();
    await store.server.close();
  });

  function writeFile(key: string): void {
    const file = path.join(strapi.publicDir, key);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, key);
  }

  /** Presses the button and waits for the end of the test. */
  async function testConnection(outcome: 'passed' | 'failed'): Promise<void> {
    await page.testConnection.click();
    // The result of the test before is gone at once.
    await page.page.locator(`[data-test=${outcome}]`).waitFor();
  }

  const outcomes = () =>
    page.page.locator('[data-check]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-outcome')));

  test('a test without a bucket and a region puts a message at both', async () => {
    await page.visit();
    await page.testConnection.click();
    await page.errorOf('bucketName').waitFor();
    await page.errorOf('awsRegion').waitFor();
    await page.page.getByText('Nothing was tested.').first().waitFor();
    expect(await page.page.locator('[data-test]').count()).toBe(0);
    expect(await page.faults('error-nothing-to-test')).toEqual([]);
  });

  test('a bucket that is not there', async () => {
    await page.bucketName.fill('no-such-bucket-here');
    await page.region.fill(store.region);
    await page.errorOf('bucketName').waitFor({ state: 'detached' });
    await page.problems.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
    expect(await page.problems.getByRole('listitem').allTextContents()).toEqual([
      expect.stringMatching(/^Choose a mode/),
    ]);
    await page.openSection('Prefix and store');
    await page.field('endpoint').fill(store.endpoint);
    await testConnection('failed');
    await page.page.getByText('The bucket does not exist.').waitFor();
    expect(await outcomes()).toEqual(['unknown', 'failed', 'unknown', 'unknown', 'unknown']);
    expect(await page.faults('error-no-bucket')).toEqual([]);
  });

  test('another region: the right one is offered, and taken with a press', async () => {
    await page.bucketName.fill(bucketName);
    await page.region.fill('eu-west-3');
    await testConnection('failed');
    await page.page.getByText(`The bucket is in ${store.region}. Use it?`).waitFor();
    expect(await outcomes()).toEqual(['failed', 'unknown', 'unknown', 'unknown', 'unknown']);
    expect(await page.faults('error-region')).toEqual([]);
    await page.tabTo(page.page.getByRole('button', { name: `Use ${store.region}` }));
    await page.page.keyboard.press('Enter');
    await page.whenHolds(page.region, store.region);
    await page.page.getByText('The settings were changed since this test').waitFor();
    await testConnection('passed');
    expect(await outcomes()).toEqual(['passed', 'passed', 'passed', 'passed', 'passed']);
    expect(await page.page.getByText('Versioning is off').isVisible()).toBe(true);
    expect(await page.page.getByText('The store honours all conditions of writes').isVisible()).toBe(true);
    expect(await page.faults('tested')).toEqual([]);
  });

  test('a wrong key', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'InvalidAccessKeyId', match: {} });
    await testConnection('failed');
    await page.page.getByText('The store rejected the credentials.').waitFor();
    expect(await page.page.getByText('Check the access key id').isVisible()).toBe(true);
    expect(await page.faults('error-wrong-key')).toEqual([]);
  });

  test('a refused action is told from the others, and the policy for exactly this bucket and prefix is there', async () => {
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'PutObject' } });
    await testConnection('failed');
    expect(await outcomes()).toEqual(['passed', 'passed', 'refused', 'unknown', 'unknown']);
    await page.page.getByText('Allow s3:PutObject on this bucket').waitFor();
    await page.field('prefix').fill('site');
    await page.page.getByRole('button', { name: 'Policy for these credentials' }).click();
    const policy = page.page.locator('[data-policy]');
    await policy.getByText(`arn:aws:s3:::${bucketName}/site/*`).waitFor();
    expect(await page.faults('error-refused-action')).toEqual([]);
    await page.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.page.getByRole('button', { name: 'Copy the policy' }).click();
    await page.page.getByText('The policy was copied.').waitFor();
    const copied: unknown = JSON.parse(await page.page.evaluate(() => navigator.clipboard.readText()));
    expect(copied).toMatchObject({
      Version: '2012-10-17',
      Statement: [{ Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'] }, {}],
    });
    await page.field('prefix').fill('');
  });

  test('an endpoint that cannot be reached', async () => {
    await page.field('endpoint').fill('http://127.0.0.1:1');
    await testConnection('failed');
    await page.page.getByText('The store cannot be reached.').waitFor();
    expect(await outcomes()).toEqual(['unknown', 'failed', 'unknown', 'unknown', 'unknown']);
    expect(await page.faults('error-unreachable')).toEqual([]);
    await page.field('endpoint').fill(store.endpoint);
  });

  test('every part of the advanced settings can be opened', async () => {
    const parts = {
      files: 'Files',
      schedule: 'Schedule',
      guards: 'Guards',
      delivery: 'Delivery',
      headers: 'Object headers',
    };
    for (const [part, title] of Object.entries(parts)) {
      await page.openSection(title);
      await page.page.locator(`[data-section=${part}]`).waitFor();
      expect(await page.faults(`advanced-${part}`)).toEqual([]);
    }
    // A choice that needs more asks for more.
    expect(await page.field('kmsKeyId').count()).toBe(0);
    await page.page.getByRole('combobox', { name: 'Encryption at rest' }).click();
    await page.page.getByRole('option', { name: 'aws:kms', exact: true }).click();
    await page.field('kmsKeyId').waitFor();
    await page.page.getByRole('combobox', { name: 'Encryption at rest' }).click();
    await page.page.getByRole('option', { name: 'Not sent' }).click();
    await page.field('kmsKeyId').waitFor({ state: 'detached' });
  });

  test('a wrong value in a closed part opens it', async () => {
    await page.openSection('Guards');
    await page.field('maxDeletePercent').fill('200');
    await page.openSection('Delivery');
    await page.field('maxDeletePercent').waitFor({ state: 'detached' });
    await page.save.click();
    await page.errorOf('maxDeletePercent').waitFor();
    expect(await page.errorOf('maxDeletePercent').textContent()).toContain('from 0 to 100');
    expect(await page.faults('error-advanced')).toEqual([]);
    await page.field('maxDeletePercent').fill('25');
  });

  test('no mode: saved, but nothing is synced until one is chosen', async () => {
    await page.save.click();
    await page.page.getByText('Settings saved.').waitFor();
    await page.openTab('Sync');
    await page.page.getByText('Still missing: Mode.').waitFor();
    expect(await page.syncNow.isDisabled()).toBe(true);
    expect(await page.faults('error-no-mode')).toEqual([]);
  });

  test('a change that is not saved is saved and synced with one press', async () => {
    await page.openTab('Settings');
    await page.mode('MULTI').click();
    await page.openTab('Sync');
    await page.seeRun('done', () => page.saveAndSync.click());
    expect(await page.count('uploaded').textContent()).toBe(String(FILES));
  });

  test('files that failed are told with cause and fix, and tried again with a press', async () => {
    writeFile('uploads/new.txt');
    store.server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { key: /new\.txt/ } });
    await page.syncNow.click();
    await page.result('partial').waitFor();
    await page.page.getByText('uploads/new.txt').first().waitFor();
    expect(await page.faults('error-partial')).toEqual([]);
    store.server.clearFaults();
    await page.page.getByRole('button', { name: 'Try again' }).click();
    await page.result('done').waitFor();
  });

  test('deletes of local files are named by themselves, and need the number to be typed', async () => {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: 'uploads/' }));
    const Objects = Contents.map(({ Key }) => ({ Key }));
    await client.send(new DeleteObjectsCommand({ Bucket: bucketName, Delete: { Objects } }));
    await page.syncNow.click();
    await page.page.getByText('The bucket is empty, the directory is not').waitFor();
    expect(await page.faults('guard-bucket-emptied')).toEqual([]);
    const name = `Delete ${FILES + 1} files`;
    await page.page.getByRole('button', { name }).click();
    const dialog = page.page.getByRole('alertdialog');
    expect(await dialog.locator('[data-deletes=local]').textContent()).toContain(`${FILES + 1} files on this server`);
    expect(await dialog.locator('[data-deletes=remote]').count()).toBe(0);
    expect(await page.dialogFaults('guard-bucket-emptied-confirm')).toEqual([]);
    await dialog.getByLabel(`Type ${FILES + 1} to confirm`).fill(String(FILES + 1));
    await dialog.getByRole('button', { name }).click();
    await page.result('done').waitFor();
    expect(await page.count('deletedLocal').textContent()).toBe(String(FILES + 1));
  });

  test('a server that does not answer is told, and a sync that somebody else started meanwhile', async () => {
    writeFile('uploads/slow.txt');
    // It goes on until it is cancelled, however busy the machine is.
    store.server.fault({ kind: 'hang', match: { operation: 'PutObject', key: /slow/ } });
    await page.page.route('**/s3-sync/status', (route) => route.abort());
    await page.comeBack();
    await page.page.getByText('The server does not answer.').waitFor();
    expect(await page.faults('error-no-answer')).toEqual([]);
    await strapi.admin.post('/s3-sync/runs').send({}).expect(202);
    await page.syncNow.click();
    await page.page.getByText('A sync is running already.').waitFor();
    await page.page.unroute('**/s3-sync/status');
    await page.comeBack();
    await page.page.locator('[data-progress]').waitFor();
    await page.page.getByText('The server does not answer.').waitFor({ state: 'detached' });
    await page.cancel.click();
    await page.result('cancelled').waitFor();
    store.server.clearFaults();
  });

  test('an emptied directory can be restored from the bucket', async () => {
    for (let number = 0; number < FILES; number += 1) writeFile(`uploads/again-${number}.txt`);
    await page.page.getByRole('button', { name: 'Try again' }).click();
    await page.result('done').waitFor();
    for (let number = 0; number < FILES; number += 1) {
      rmSync(path.join(strapi.publicDir, `uploads/again-${number}.txt`));
    }
    rmSync(path.join(strapi.publicDir, 'uploads/slow.txt'));
    await page.syncNow.click();
    await page.page.getByText('The directory is empty, the bucket is not').waitFor();
    expect(await page.faults('guard-directory-emptied')).toEqual([]);
    const name = 'Restore from the bucket';
    await page.page.getByRole('button', { name }).click();
    expect(await page.dialogFaults('guard-directory-emptied-restore')).toEqual([]);
    await page.page.getByRole('alertdialog').getByRole('button', { name }).click();
    await page.result('done').waitFor();
    // The restore settles the refusal.
    expect(await page.page.locator('[data-last-run]').count()).toBe(0);
    expect(await page.count('downloaded').textContent()).toBe(String(FILES + 1));
  });

  test(
    `a preview of ${ROWS} files is leafed, filtered, searched and sorted in less than ${STEP_MS} ms a step`,
    async () => {
      for (let index = 0; index < ROWS; index += 1) {
        await store.server.putObject(bucketName, `uploads/stray/${index % 100}/image-${index}.jpg`, '');
      }
      for (let number = 0; number < 60; number += 1) writeFile(`uploads/new-${number}.txt`);
      await page.visit('preview');
      await page.page.getByRole('button', { name: 'Make a preview' }).click();
      await page.page.locator('[data-plan-progress]').waitFor();
      await page.page.locator('[data-plan]').waitFor({ timeout: ROWS_TIMEOUT_MS / 2 });
      await page.page.getByText('of 100,0').waitFor();

      /** The time until the page shows what a step asks for, in ms: the best of some tries. */
      const timed = async (step: () => Promise<void>, back: () => Promise<void>): Promise<number> => {
        let best = Number.POSITIVE_INFINITY;
        for (let attempt = 0; attempt < TRIES && best > STEP_MS; attempt += 1) {
          const start = performance.now();
          await step();
          best = Math.min(best, performance.now() - start);
          await back();
        }
        return best;
      };
      const { page: window } = page;
      const seeRange = (text: string) => window.getByText(text, { exact: false }).waitFor();
      const search = window.locator('[name=plan-search]');
      const scrolled = window.locator('[data-row]').last();
      const steps = {
        leaf: await timed(
          async () => {
            await window.getByRole('button', { name: 'Next page' }).click();
            await seeRange('51–100 of');
          },
          async () => {
            await window.getByRole('button', { name: 'Previous page' }).click();
            await seeRange('1–50 of');
          },
        ),
        filter: await timed(
          async () => {
            await window.locator('[data-filter=upload]').click();
            await window.locator('[data-filter=upload][aria-pressed=true]').waitFor();
            await window.locator('table[aria-busy=false]').waitFor();
          },
          async () => {
            await window.locator('[data-filter=upload]').click();
            await window.locator('[data-filter=upload][aria-pressed=false]').waitFor();
          },
        ),
        search: await timed(
          async () => {
            await search.fill('image-99999');
            await window.locator('[data-row]').nth(1).waitFor({ state: 'detached' });
          },
          async () => {
            await search.fill('');
            await window.locator('[data-row]').nth(1).waitFor();
          },
        ),
        sort: await timed(
          async () => {
            await window.locator('[data-sort=key]').click();
            await window.locator('th[aria-sort=ascending] [data-sort=key]').waitFor();
            await window.locator('table[aria-busy=false]').waitFor();
          },
          async () => {
            await window.locator('[data-sort=action]').click();
            await window.locator('th[aria-sort=ascending] [data-sort=action]').waitFor();
            await window.locator('table[aria-busy=false]').waitFor();
          },
        ),
        scroll: await timed(
          () => scrolled.scrollIntoViewIfNeeded(),
          () => window.locator('[data-plan]').scrollIntoViewIfNeeded(),
        ),
      };
      expect(Object.entries(steps).filter(([, ms]) => ms >= STEP_MS)).toEqual([]);
      expect(await page.faults('preview-100000')).toEqual([]);
    },
    ROWS_TIMEOUT_MS,
  );

  test('no error was written to the console of the browser', () => {
    // A request that the test itself broke off is written down by the browser.
    expect(page.consoleErrors.filter((line) => !line.includes('ERR_FAILED'))).toEqual([]);
  });
});
