import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { repositoryRoot } from '../support/testApp';
import { waitUntil } from '../support/waitUntil';

const screenshots = path.join(repositoryRoot, 'artifacts', 'screenshots');

/** Pictures take long and are for people: `npm run screenshots` wants them all, CI one of each state, others none. */
const wantsAll = process.env.S3_SYNC_SCREENSHOTS === '1';
const wantsPictures = wantsAll || process.env.CI === 'true';

const WIDE = 1280;
const NARROW = 768;

/** What a step takes at the most, in ms, when the machine is busy with much else: it is only waited for where it fails. */
const STEP_MS = 45_000;

/** So long, in ms, Strapi's header and the design system's tables may take to follow a new width. */
const FOLLOW_MS = 10_000;

/** The rules of axe that a theme makes a difference to. */
const RULES_OF_COLOURS = ['color-contrast', 'link-in-text-block'];

/** Any JSON object. */
const objectAnswer = z.record(z.string(), z.unknown());

const loginAnswer = z.object({ data: z.object({ token: z.string() }) });

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
  readonly saveAndSync: Locator;
  readonly testConnection: Locator;
  readonly syncNow: Locator;
  readonly cancel: Locator;
  readonly problems: Locator;
  readonly history: Locator;
  /** What the browser's console says goes wrong. */
  readonly consoleErrors: string[] = [];
  readonly #context: BrowserContext;
  readonly #url: string;

  /**
   * Opens a browser window of its own for somebody who is logged in already. It shows nothing yet.
   *
   * @param url where Strapi listens, without a slash at the end
   */
  static async open(browser: Browser, url: string, { login, language = 'en' }: OpenOptions): Promise<SettingsPage> {
    if (!existsSync(path.join(repositoryRoot, 'playground', 'dist', 'build', 'index.html'))) {
      throw new Error('The administration is not built. `npm test` builds it, or `npm run build` in playground/.');
    }
    const localStorage = [
      { name: 'strapi-admin-language', value: language },
      { name: 'isLoggedIn', value: 'true' },
    ];
    const context = await browser.newContext({
      viewport: { width: WIDE, height: 900 },
      locale: language,
      // What moves for a while is only waited for.
      reducedMotion: 'reduce',
      storageState: { cookies: [], origins: [{ origin: url, localStorage }] },
    });
    // A step that fails keeps the next ones from waiting long for what will not come.
    context.setDefaultTimeout(STEP_MS);
    const page = new SettingsPage(context, await context.newPage(), url);
    await page.become(login);
    return page;
  }

  /** From the next page that is loaded on, somebody else uses this window. What the browser has loaded stays in it. */
  async become(login: Login): Promise<void> {
    await this.#context.clearCookies();
    // The login as its form does it, but for the form: the answer sets the cookie that renews it.
    const answer = await this.#context.request.post(`${this.#url}/admin/login`, { data: login });
    const { token } = loginAnswer.parse(await answer.json()).data;
    await this.#context.addCookies([{ name: 'jwtToken', value: token, url: this.#url }]);
    // The same address again is a new page only if it is left before.
    await this.page.goto('about:blank');
  }

  /** Fills in the login form, which is there already. */
  async logIn({ email, password }: Login): Promise<void> {
    await this.page.locator('[name=email]').fill(email);
    await this.page.locator('[name=password]').fill(password);
    await this.page.locator('button[type=submit]').click();
    await this.page.waitForURL((address) => !address.pathname.includes('/auth/'));
  }

  /** Ends the login without a word to the page: neither its token nor the one to renew it is valid any more. */
  async logOutBehindItsBack(): Promise<void> {
    await this.#context.clearCookies();
    await this.#context.route('**/*', async (route) => {
      const headers = { ...route.request().headers() };
      if ('authorization' in headers) headers.authorization = 'Bearer of-nobody';
      await route.fallback({ headers });
    });
    this.page.once('framenavigated', () => void this.#context.unroute('**/*'));
  }

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context;
    this.#url = url;
    this.page = page;
    this.bucketName = page.locator('[name=bucketName]');
    this.region = page.locator('[name=awsRegion]');
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.saveAndSync = page.getByRole('button', { name: 'Save and sync' });
    this.testConnection = page.getByRole('button', { name: 'Test connection' });
    this.syncNow = page.getByRole('button', { name: 'Sync Files Now' });
    this.cancel = page.getByRole('button', { name: 'Cancel' });
    this.problems = page.locator('[data-notice=warning]').filter({ hasText: 'Nothing is synced yet' });
    this.history = page.locator('[data-run]');
    page.on('console', (message) => {
      // A refused save is answered with 400, which the browser writes down too.
      if (message.type() === 'error' && !message.text().includes('status of 4')) {
        this.consoleErrors.push(message.text());
      }
    });
    page.on('pageerror', (error) => this.consoleErrors.push(error.message));
  }

  /**
   * Goes to the page by its address.
   *
   * @param tab the one to open; where there is none, the page chooses
   */
  async visit(tab?: string): Promise<void> {
    const address = `${this.#url}/admin/settings/s3-sync${tab === undefined ? '' : `#${tab}`}`;
    // Only the fragment may be another one, and that alone loads nothing.
    if (this.page.url() === address) await this.page.reload();
    else await this.page.goto(address);
    await this.page.getByRole('heading', { level: 1 }).waitFor();
  }

  /** @param name its text, in the language of the page */
  async openTab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name, exact: true }).click();
  }

  /**
   * Opens a part of the advanced settings.
   *
   * @param name what its title begins with
   */
  async openSection(name: string): Promise<void> {
    await this.page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
  }

  /** An input of the form. */
  field(name: string): Locator {
    return this.page.locator(`[name=${name}]`);
  }

  /** One step of the test of the connection: `region`, `list`, … */
  check(step: string): Locator {
    return this.page.locator(`[data-check=${step}]`);
  }

  /** Chooses another language of the administration; the next visit speaks it. */
  async speak(language: string): Promise<void> {
    await this.page.evaluate((chosen) => {
      localStorage.setItem('strapi-admin-language', chosen);
    }, language);
    await this.page.goto('about:blank');
  }

  /** Leaves the window and comes back to it: then the page asks at once how things are. */
  async comeBack(): Promise<void> {
    await this.page.evaluate(() => window.dispatchEvent(new Event('focus')));
  }

  /**
   * Does what starts a run, and waits until the page tells how that one ended; the one before may have ended alike.
   *
   * @param status how it ends
   */
  async seeRun(status: string, start: () => Promise<void>): Promise<void> {
    await this.page.locator('[data-result]').evaluateAll((shown) => {
      for (const one of shown) one.setAttribute('data-earlier', '');
    });
    await start();
    await this.page.locator(`[data-result=${status}]:not([data-earlier])`).waitFor();
  }

  /** Waits until a button or a field can be used: what it needs to know may still be on its way. */
  async whenEnabled(target: Locator): Promise<void> {
    await waitUntil(
      `${String(target)} is enabled`,
      async () => ((await target.isEnabled()) ? true : undefined),
      STEP_MS,
    );
  }

  /** Waits until a field holds this. */
  async whenHolds(field: Locator, value: string): Promise<void> {
    await waitUntil(
      `${String(field)} holds ${value}`,
      async () => ((await field.inputValue()) === value ? true : undefined),
      STEP_MS,
    );
  }

  /** Waits until this has the focus. */
  async whenFocused(target: Locator): Promise<void> {
    await target.and(this.page.locator(':focus')).waitFor();
  }

  /** Moves the focus by Tab, as someone without a pointer has to. */
  async tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    // Tab passes by what is disabled, such as a button whose page has not heard of the server yet.
    await this.whenEnabled(target);
    for (let steps = 0; steps < 80; steps += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press(key);
    }
    throw new Error(`${key} does not reach ${String(target)}.`);
  }

  /**
   * Goes to something in the first row of a table by keyboard: Tab leads to the table, and the arrows from cell to cell,
   * as in every table of Strapi's.
   */
  async walkTo(target: Locator): Promise<void> {
    const cell = this.page.locator('table').filter({ has: target }).locator('[tabindex="0"]');
    // A second key before the focus has followed the first would lead past the cell.
    const press = async (key: string) => {
      await this.page.keyboard.press(key);
      await this.whenFocused(cell);
    };
    await this.whenEnabled(target);
    await this.tabTo(cell);
    await press('Control+Home');
    await press('ArrowDown');
    for (let steps = 0; steps < 10; steps += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await press('ArrowRight');
    }
    throw new Error(`The arrow keys do not reach ${String(target)}.`);
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

  /**
   * Makes the page see another answer of the server: for states that take a crash or a second machine to come about.
   *
   * @param path below `/s3-sync`
   * @param change gets what the server really answered
   * @returns what ends it
   */
  async pretend(
    path: string,
    change: (answer: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<() => Promise<void>> {
    const url = `**/s3-sync${path}`;
    const answering = new Set<Promise<void>>();
    await this.page.route(url, (route) => {
      const answer = async () => {
        const response = await route.fetch();
        const json = response.ok() ? change(objectAnswer.parse(await response.json())) : undefined;
        await route.fulfill({ response, ...(json === undefined ? {} : { json }) });
      };
      answering.add(answer());
    });
    return async () => {
      await this.page.unroute(url);
      // One that is on its way would break off where the page is left or closed meanwhile.
      await Promise.all(answering);
    };
  }

  async chooseTheme(colorScheme: 'light' | 'dark'): Promise<void> {
    await this.page.emulateMedia({ colorScheme });
  }

  /**
   * Looks at the page as it is now: in light and in dark, wide and narrow.
   *
   * @param name of the state, for its pictures
   * @returns what axe finds serious or critical, and what is wider than a narrow window, one line each
   */
  async faults(name: string): Promise<string[]> {
    await this.#keepPictures(name);
    return [...(await this.accessibilityFaults()), ...(await this.overflows())];
  }

  /**
   * The same for a page that differs from one that was looked at only in its language: what the words are changes where
   * they end, and nothing that axe looks at.
   */
  async languageFaults(name: string): Promise<string[]> {
    await this.#settle();
    for (const width of wantsAll ? [WIDE, NARROW] : []) await this.screenshot(`${name}-light-${width}`, width);
    return this.overflows();
  }

  async #keepPictures(name: string): Promise<void> {
    if (!wantsPictures) return;
    for (const theme of wantsAll ? (['dark', 'light'] as const) : (['light'] as const)) {
      await this.chooseTheme(theme);
      for (const width of wantsAll ? [WIDE, NARROW] : [WIDE]) await this.screenshot(`${name}-${theme}-${width}`, width);
    }
  }

  /** @returns what axe finds in a dialog, which is not inside the page's main part. */
  async dialogFaults(name: string): Promise<string[]> {
    if (wantsPictures) {
      for (const theme of wantsAll ? (['dark', 'light'] as const) : (['light'] as const)) {
        await this.chooseTheme(theme);
        for (const width of wantsAll ? [NARROW, WIDE] : [WIDE]) {
          await this.page.setViewportSize({ width, height: 900 });
          await this.#settle();
          mkdirSync(screenshots, { recursive: true });
          await this.page.screenshot({ path: path.join(screenshots, `${name}-${theme}-${width}.png`) });
        }
      }
    }
    return this.#faultsInBothThemes('[role=alertdialog], [role=dialog]');
  }

  /** Keeps a picture of the whole page, the parts below the fold too, where pictures are wanted. */
  async screenshot(name: string, width = WIDE): Promise<void> {
    if (!wantsPictures) return;
    await this.page.setViewportSize({ width, height: 900 });
    await this.#settle();
    // The page scrolls inside the administration's frame, so a picture of the document would end at the fold.
    const hidden = await this.page.locator('#main-content').evaluate((main) => {
      const hiddenOf = (element: Element | null): number =>
        element === null ? 0 : Math.max(element.scrollHeight - element.clientHeight, hiddenOf(element.parentElement));
      return hiddenOf(main);
    });
    await this.page.setViewportSize({ width, height: 900 + hidden });
    await this.#settle();
    mkdirSync(screenshots, { recursive: true });
    await this.page.screenshot({ path: path.join(screenshots, `${name}.png`) });
    await this.page.setViewportSize({ width: WIDE, height: 900 });
  }

  /** @returns what axe finds serious or critical in the page, in light and in dark, one line each. */
  async accessibilityFaults(): Promise<string[]> {
    // Strapi's own buttons are pale under the pointer (3.5:1).
    await this.page.mouse.move(0, 0);
    return this.#faultsInBothThemes('#main-content');
  }

  async #faultsInBothThemes(part: string): Promise<string[]> {
    await this.#settle();
    const light = await this.#axe(part);
    await this.chooseTheme('dark');
    await this.#settle();
    const dark = await this.#axe(part, RULES_OF_COLOURS);
    await this.chooseTheme('light');
    return [...light.map((fault) => `light: ${fault}`), ...dark.map((fault) => `dark: ${fault}`)];
  }

  /** @param rules all of them where not given. */
  async #axe(part: string, rules?: string[]): Promise<string[]> {
    // It is half a megabyte of text: once in a document is enough.
    const isThere = await this.page.evaluate(() => 'axe' in window);
    const source = isThere ? { axeSource: ';' } : {};
    // Without frames there is nothing to put together, for which axe would open a page of its own each time.
    const builder = new AxeBuilder({ page: this.page, ...source }).setLegacyMode().include(part);
    const asked = rules === undefined ? builder.options({ resultTypes: ['violations'] }) : builder.withRules(rules);
    const { violations } = await asked.analyze();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary ?? ''}`));
  }

  /** Elements that reach over the right edge of a narrow window, but for those inside a part that scrolls by itself. */
  async overflows(): Promise<string[]> {
    await this.page.setViewportSize({ width: NARROW, height: 900 });
    // Strapi's header and the design system's tables follow a new width some frames later.
    const giveUpAt = Date.now() + FOLLOW_MS;
    let found = await this.#overEdge();
    while (found.length > 0 && Date.now() < giveUpAt) {
      await this.#settle();
      found = await this.#overEdge();
    }
    await this.page.setViewportSize({ width: WIDE, height: 900 });
    return found;
  }

  #overEdge(): Promise<string[]> {
    return this.page.locator('#main-content').evaluate((main) => {
      const edge = main.getBoundingClientRect().right;
      const scrolls = (element: Element | null): boolean =>
        element !== null &&
        element !== main &&
        (['auto', 'scroll'].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
      return [...main.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > edge + 1 && !scrolls(element))
        .map((element) => `reaches over the edge: ${element.outerHTML.slice(0, 120)}`);
    });
  }

  /** Waits until colours and sizes have stopped changing; what moves for ever is not waited for. */
  async #settle(): Promise<void> {
    await this.page.evaluate(async () => {
      // What a change sets going, such as that of the theme, begins with the next frame.
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
      return Promise.allSettled(ending.map(({ finished }) => finished));
    });
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}
