import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { repositoryRoot } from '../support/testApp';

const screenshots = path.join(repositoryRoot, 'artifacts', 'screenshots');

/** An e-mail address and a password. */
export interface Login {
  email: string;
  password: string;
}

interface OpenOptions {
  login: Login;
  /** Language of the administration. @default 'en' */
  language?: string;
}

/** Settings > S3 Sync in a browser, as a logged-in person sees it. */
export class SettingsPage {
  readonly page: Page;
  readonly bucketName: Locator;
  readonly region: Locator;
  readonly save: Locator;
  readonly syncNow: Locator;
  readonly cancel: Locator;
  readonly problems: Locator;
  readonly history: Locator;
  /** What the browser's console says goes wrong. */
  readonly consoleErrors: string[] = [];
  readonly #context: BrowserContext;
  readonly #url: string;

  /**
   * Opens a browser window of its own, logs in and goes to the page.
   *
   * @param url where Strapi listens, without a slash at the end
   */
  static async open(browser: Browser, url: string, { login, language = 'en' }: OpenOptions): Promise<SettingsPage> {
    if (!existsSync(path.join(repositoryRoot, 'playground', 'dist', 'build', 'index.html'))) {
      throw new Error('The administration is not built. `npm test` builds it, or `npm run build` in playground/.');
    }
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: language });
    await context.addInitScript((chosen) => {
      localStorage.setItem('strapi-admin-language', chosen);
    }, language);
    // A step that fails keeps the next ones from waiting long for what will not come.
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    await page.goto(`${url}/admin/auth/login`);
    await page.locator('[name=email]').fill(login.email);
    await page.locator('[name=password]').fill(login.password);
    await page.locator('button[type=submit]').click();
    await page.waitForURL((address) => !address.pathname.includes('/auth/'));
    return new SettingsPage(context, page, url);
  }

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.#url = url;
    this.page = page;
    this.bucketName = page.locator('[name=bucketName]');
    this.region = page.locator('[name=awsRegion]');
    this.save = page.getByRole('button', { name: 'Save' });
    this.syncNow = page.getByRole('button', { name: 'Sync Files Now' });
    this.cancel = page.getByRole('button', { name: 'Cancel' });
    this.problems = page.locator('[data-notice=warning]').filter({ hasText: 'Nothing is synced yet' });
    this.history = page.locator('tbody tr');
    page.on('console', (message) => {
      // A refused save is answered with 400, which the browser writes down too.
      if (message.type() === 'error' && !message.text().includes('status of 4')) {
        this.consoleErrors.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.consoleErrors.push(error.message));
  }

  /** Goes to the page by its address. */
  async visit(): Promise<void> {
    await this.page.goto(`${this.#url}/admin/settings/s3-sync`);
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }

  mode(name: 'SINGLE' | 'MULTI'): Locator {
    return this.page.getByRole('radio', { name });
  }

  /** The message at a field. */
  errorOf(setting: string): Locator {
    return this.page.locator(`#s3-sync-${setting}-error`);
  }

  /** What the last run came to: `done`, `refused`, … */
  result(status: string): Locator {
    return this.page.locator(`[data-result=${status}]`);
  }

  /** One of the numbers of the last run, by its key: `uploaded`, `deletedRemote`, … */
  count(name: string): Locator {
    return this.page.locator(`[data-result] [data-count="count.${name}"]`);
  }

  async chooseTheme(colorScheme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme });
  }

  /** Keeps a picture of the whole page, the parts below the fold too. */
  async screenshot(name: string, width = 1280): Promise<void> {
    await this.page.setViewportSize({ width, height: 900 });
    // The page scrolls inside the administration's frame, so a picture of the document would end at the fold.
    const height = await this.page.locator('#main-content').evaluate((main) => main.scrollHeight);
    await this.page.setViewportSize({ width, height: Math.max(900, height + 120) });
    await this.#settle();
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`) });
    await this.page.setViewportSize({ width, height: 900 });
  }

  /** @returns what axe finds serious or critical in the page, one line each. */
  async accessibilityFaults(): Promise<string[]> {
    // Strapi's own buttons are pale under the pointer (3.5:1).
    await this.page.mouse.move(0, 0);
    await this.#settle();
    const { violations } = await new AxeBuilder({ page: this.page }).include('#main-content').analyze();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`));
  }

  /** Waits until colours and sizes have stopped changing; what moves for ever is not waited for. */
  async #settle(): Promise<void> {
    await this.page.evaluate(() => {
      const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
      return Promise.allSettled(ending.map(({ finished }) => finished));
    });
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
