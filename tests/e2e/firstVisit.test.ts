import path from 'node:path';
import type { Browser } from 'playwright-core';
import { administrator, startStrapiProcess, type StrapiProcess } from '../support/strapi';
import { textsOf } from '../support/textsOf';
import { describeWithChromium, launchChromium } from './chromium';
import { SettingsPage } from './SettingsPage';

describeWithChromium('settings page of a site where nothing is set up', () => {
  let browser: Browser | undefined;
  let strapi: StrapiProcess;
  let page: SettingsPage;

  /** Tests a connection to a place where nothing listens. */
  async function testConnection(on: SettingsPage, button: string): Promise<void> {
    await on.bucketName.fill('my-bucket');
    await on.region.fill('us-east-1');
    await on.field('prefix').fill('');
    await on.field('endpoint').fill('http://127.0.0.1:1');
    await on.page.getByRole('button', { name: button, exact: true }).click();
    await on.page.locator('[data-test=failed]').waitFor();
  }

  beforeAll(async () => {
    const nowhere = path.join(__dirname, 'no-such-file');
    strapi = await startStrapiProcess({
      plugin: 'built',
      serveAdminPanel: true,
      // All places where the AWS default chain looks, and nothing in any of them: on a server at AWS, too.
      env: { AWS_CONFIG_FILE: nowhere, AWS_SHARED_CREDENTIALS_FILE: nowhere, AWS_EC2_METADATA_DISABLED: 'true' },
    });
    browser = await launchChromium();
    page = await SettingsPage.open(browser, strapi.url, { login: administrator });
  });

  afterAll(async () => {
    await browser?.close();
    await strapi.stop();
  });

  test('without credentials the page says so, and what to do', async () => {
    await page.visit();
    await page.page.getByText('No credentials were found').waitFor();
    expect(await page.page.getByText('or give the server a role').isVisible()).toBe(true);
    expect(await page.faults('error-credentials')).toEqual([]);
    await page.openSection('Prefix and store');
    await testConnection(page, 'Test connection');
    await page.page.getByText('There are no credentials.').waitFor();
    await page.page.getByText('Set accessKeyId and secretAccessKey of s3-sync in config/plugins').waitFor();
    expect(await page.faults('error-credentials-tested')).toEqual([]);
  });

  test.each(['de', 'es', 'fr'])('all that a first visit meets is said in %s, and has room', async (language) => {
    const texts = textsOf(language);
    const text = (key: string): string => texts[key] ?? key;
    page.consoleErrors.length = 0;
    await page.speak(language);
    const button = (key: string) => page.page.getByRole('button', { name: text(key), exact: true });

    await page.visit();
    await page.page.getByText(text('credentials.none'), { exact: true }).waitFor();
    await page.openSection(text('section.store'));
    await button('test.start').click();
    await page.errorOf('bucketName').waitFor();
    expect(await page.errorOf('bucketName').textContent()).toBe(text('problem.BUCKET_MISSING'));
    expect(await page.errorOf('awsRegion').textContent()).toBe(text('problem.REGION_MISSING'));

    await page.bucketName.fill('Bad_Name');
    await page.region.fill('us-west-2a');
    await page.field('prefix').fill('/site');
    await page.field('concurrency').fill('many');
    await button('action.save').click();
    await page.errorOf('prefix').waitFor();
    expect(await page.errorOf('bucketName').textContent()).toBe(text('invalid.BUCKET_NAME_UPPER_CASE'));
    expect(await page.errorOf('awsRegion').textContent()).toBe(
      text('invalid.REGION_ZONE').replace('{name}', 'us-west-2'),
    );
    expect(await page.errorOf('prefix').textContent()).toBe(text('invalid.PREFIX_SLASH'));
    expect(await page.errorOf('concurrency').textContent()).toBe(
      text('invalid.WHOLE_NUMBER').replace('{min}', '1').replace('{max}', '64'),
    );
    expect(await page.languageFaults(`language-${language}-invalid`)).toEqual([]);

    await page.field('concurrency').fill('16');
    await testConnection(page, text('test.start'));
    await page.page.getByText(text('error.NO_CREDENTIALS'), { exact: true }).waitFor();
    await page.page.getByText(text('error.NO_CREDENTIALS.fix'), { exact: true }).waitFor();
    const words = page.page.locator('[data-server-words] [lang=en]');
    expect(await words.isVisible()).toBe(false);
    await page.page.getByText(text('error.words'), { exact: true }).click();
    expect(await words.textContent()).toBe('No AWS credentials were found.');
    expect(await page.languageFaults(`language-${language}-tested`)).toEqual([]);

    for (const tab of ['sync', 'preview', 'history', 'trash']) {
      await page.openTab(text(`tab.${tab}`));
      await page.page.getByRole('tabpanel').getByRole('heading', { level: 2 }).first().waitFor();
      expect(await page.page.locator('#main-content').textContent()).not.toMatch(/s3-sync\.[a-z]/);
      expect(await page.languageFaults(`language-${language}-empty-${tab}`)).toEqual([]);
    }
    expect(page.consoleErrors).toEqual([]);
  });
});
