/**
 * `npm test`, and `npm run test:long` with `--long`: everything that must be right, on a fresh clone too.
 * Node's built-ins only: the packages may have to be installed first.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  buildAdmin,
  buildPlugin,
  CommandError,
  install,
  root,
  run,
  runPackage,
  secondsSince,
  tail,
} from '../playground/prepare.mjs';

const long = process.argv.includes('--long');
const ci = process.env.CI === 'true';

const summary = { passed: 0, failed: 0, skipped: 0, skippedTitles: new Map(), stores: new Map(), problems: [] };

/** One step that is right or wrong as a whole; the next ones run all the same. */
async function check(name, work) {
  const start = performance.now();
  try {
    const done = await work();
    console.log(`✓ ${name}: ${secondsSince(start)}${done ? ` (${done})` : ''}`);
    summary.passed += 1;
    return true;
  } catch (error) {
    console.log(`✗ ${name}: ${secondsSince(start)}. ${error.message}`);
    if (error instanceof CommandError) {
      console.log(tail(error.output, 200));
    } else {
      console.log(error.stack);
    }
    summary.failed += 1;
    summary.problems.push(name);
    return false;
  }
}

/** Tests that compute run beside those with stores, so they get one processor. */
const COMPUTING = { workers: 1, show: false };
/** Those with stores wait for servers and browsers half of the time. */
const WAITING = { workers: 3, show: true };

/** Runs some of jest's projects, so many files at a time, and counts what its report says. */
async function jest(name, { workers, show }, projects) {
  const report = path.join(root, '.tmp', `jest-${name}.json`);
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const start = performance.now();
  const title = `\n${name}: ${projects.join(', ')}`;
  if (show) {
    console.log(title);
  }
  const args = [
    '--selectProjects',
    ...projects,
    `--maxWorkers=${workers}`,
    '--json',
    `--outputFile=${report}`,
    '--passWithNoTests',
  ];
  let endedWell = true;
  let output = '';
  try {
    output = await runJest(args, show);
  } catch (error) {
    endedWell = false;
    output = error.output;
    console.log(error.message);
  }
  if (!show) {
    console.log(`${title}\n${output}`);
  }
  if (!existsSync(report)) {
    summary.failed += 1;
    summary.problems.push(`${name} (jest gave no report)`);
    return;
  }
  const failedBefore = summary.failed;
  countTests(JSON.parse(readFileSync(report, 'utf8')));
  if (!endedWell && summary.failed === failedBefore) {
    summary.failed += 1;
    summary.problems.push(`${name} (jest ended with an error)`);
  }
  console.log(`${summary.failed === failedBefore ? '✓' : '✗'} ${name}: ${secondsSince(start)}`);
}

function runJest(args, show) {
  // The report goes to a file; what people read comes on stderr.
  return runPackage('jest/bin/jest.js', args, {
    env: { S3_SYNC_LONG: long ? '1' : '0', STRAPI_TELEMETRY_DISABLED: 'true' },
    show,
    timeout: (long ? 90 : 40) * 60_000,
  });
}

function countTests(report) {
  for (const file of report.testResults) {
    if (file.assertionResults.length === 0 && file.status === 'failed') {
      summary.failed += 1;
      summary.problems.push(path.relative(root, file.name));
    }
    for (const test of file.assertionResults) {
      countTest(test);
    }
  }
}

function countTest(test) {
  const store = /\[(in-project|ceph)\]/.exec(test.fullName)?.[1];
  if (test.status === 'passed') {
    summary.passed += 1;
    if (store !== undefined) {
      summary.stores.set(store, (summary.stores.get(store) ?? 0) + 1);
    }
  } else if (test.status === 'failed') {
    summary.failed += 1;
    summary.problems.push(test.fullName);
  } else {
    summary.skipped += 1;
    summary.skippedTitles.set(test.title, (summary.skippedTitles.get(test.title) ?? 0) + 1);
  }
}

function printSummary(start) {
  console.log(`\nSummary after ${secondsSince(start)}`);
  for (const store of ['in-project', 'ceph']) {
    console.log(`  tests on ${store}: ${summary.stores.get(store) ?? 0}`);
  }
  // A test that is skipped says in its title what is missing and how to get it.
  for (const [title, times] of summary.skippedTitles) {
    console.log(`  skipped${times > 1 ? ` (${times} times)` : ''}: ${title}`);
  }
  if (!long) {
    console.log('  left out: tests that take long. Run them with: npm run test:long');
  }
  for (const name of summary.problems) {
    console.log(`  failed: ${name}`);
  }
  if (ci && summary.skipped > 0) {
    console.log(`  In CI everything has to run: the ${summary.skipped} skipped count as failed.`);
    summary.failed += summary.skipped;
    summary.skipped = 0;
  }
  const skipped = summary.skipped === 0 ? '' : `, ${summary.skipped} skipped`;
  console.log(`${summary.passed} passed, ${summary.failed} failed${skipped}`);
}

/** What computes, one after the other. */
async function checkSources() {
  await jest('unit and property tests', COMPUTING, ['unit', 'property']);
  await check('types', () => run('npm', ['run', '--silent', 'types']).then(() => ''));
  await check('lint', () => runPackage('eslint/bin/eslint.js', ['.']).then(() => ''));
  await check('format', () => runPackage('prettier/bin/prettier.cjs', ['--check', '.']).then(() => ''));
}

/** What runs the plugin as it is built. */
async function testWithStores() {
  if ((await check('plugin: build and verify', buildPlugin)) && (await check('playground: admin build', buildAdmin))) {
    await jest('tests with stores', WAITING, ['contract', 'field-failures', 'integration', 'e2e']);
  } else {
    await jest('tests with stores', WAITING, ['contract', 'field-failures', 'integration']);
  }
}

const start = performance.now();
if (await check('install', install)) {
  // The tests with stores leave processors idle while they wait: what computes fills these times.
  await Promise.all([checkSources(), testWithStores()]);
}
printSummary(start);
process.exitCode = summary.failed === 0 ? 0 : 1;
