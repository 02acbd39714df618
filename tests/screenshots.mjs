/**
 * `npm run screenshots`: pictures of every state of the page, light and dark, wide and narrow, in artifacts/screenshots.
 * They are made by the end-to-end tests, so that a picture shows what a test has looked at.
 */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildAdmin, buildPlugin, CommandError, install, root, runPackage, tail } from '../playground/prepare.mjs';

const folder = path.join(root, 'artifacts', 'screenshots');

try {
  await install();
  await buildPlugin();
  await buildAdmin();
  rmSync(folder, { recursive: true, force: true });
  await runPackage('jest/bin/jest.js', ['--selectProjects', 'e2e', ...process.argv.slice(2)], {
    env: { S3_SYNC_SCREENSHOTS: '1', STRAPI_TELEMETRY_DISABLED: 'true' },
    show: true,
  });
  console.log(`${readdirSync(folder).length} pictures in ${path.relative(root, folder)}`);
} catch (error) {
  if (!(error instanceof CommandError)) throw error;
  console.error(`${error.message}\n${tail(error.output, 50)}`);
  process.exitCode = 1;
}
