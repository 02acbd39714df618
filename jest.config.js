'use strict';

/** Tests that take long run only with `npm run test:long`. */
const long = process.env.S3_SYNC_LONG === '1';

/** SWC strips the types; `npm run types` is what checks them. */
function swc(parser, transform) {
  return ['@swc/jest', { jsc: { parser, transform, target: 'es2022' }, module: { type: 'commonjs' } }];
}

const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/tests/support/coreErrors.ts'],
  // Strapi's own modules read globals after a test file has ended.
  testEnvironmentOptions: { globalsCleanup: 'off' },
  transform: {
    '^.+\\.ts$': swc({ syntax: 'typescript' }),
    '^.+\\.tsx$': swc({ syntax: 'typescript', tsx: true }, { react: { runtime: 'automatic' } }),
  },
  testPathIgnorePatterns: ['/node_modules/', ...(long ? [] : ['\\.long\\.test\\.tsx?$'])],
};

/** The S3 stores of the tests: one Ceph serves a whole jest run. */
const stores = {
  globalSetup: '<rootDir>/tests/support/globalSetup.ts',
  globalTeardown: '<rootDir>/tests/support/globalTeardown.ts',
};

/** The same for tests that run the plugin as it is built. */
const built = { ...stores, globalSetup: '<rootDir>/tests/support/globalSetupBuilt.ts' };

/** A folder below tests/ as a jest project of the same name. */
function project(name, options) {
  return { ...shared, displayName: name, testMatch: [`<rootDir>/tests/${name}/**/*.test.{ts,tsx}`], ...options };
}

module.exports = {
  maxWorkers: 2,
  testTimeout: 120_000,
  projects: [
    project('unit', { setupFiles: [...shared.setupFiles, '<rootDir>/tests/support/fixedSeed.ts'] }),
    project('property', {}),
    project('contract', stores),
    project('integration', built),
    project('field-failures', stores),
    project('e2e', built),
  ],
};
