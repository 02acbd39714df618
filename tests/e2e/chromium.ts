import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const HOW_TO_GET = 'Chromium is not installed, so the page was not looked at. To do it: apt-get install -y chromium';

/** Declares tests that need Chromium; without it a line says how to get it, and with CI=true the test fails. */
export function describeWithChromium(name: string, define: () => void): void {
  if (existsSync(EXECUTABLE)) {
    describe(name, define);
    return;
  }
  describe(name, () => {
    if (process.env.CI === 'true') {
      test('needs Chromium', () => {
        throw new Error(HOW_TO_GET);
      });
      return;
    }
    process.stderr.write(`SKIPPED ${HOW_TO_GET}\n`);
    test.skip(HOW_TO_GET, () => undefined);
  });
}

/** Starts Chromium without a window and without its calls home. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
