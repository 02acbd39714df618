import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores([
    '**/node_modules/',
    '**/dist/',
    '**/build/',
    '**/.tmp/',
    '**/.strapi/',
    'artifacts/',
    'coverage/',
    'playground/types/',
    'playground/public/',
  ]),
  {
    name: 's3-sync/no-silencing',
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
  },
  {
    name: 's3-sync/typescript',
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-ignore': true, 'ts-expect-error': true, 'ts-nocheck': true, 'ts-check': false },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // An interface may ask for a promise where an implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // Numbers in a message are what people read there.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    },
  },
  {
    name: 's3-sync/engine-free-of-strapi',
    files: ['server/src/sync/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@strapi/*'], message: 'The engine runs without Strapi: hand it what it needs as an option.' },
          ],
        },
      ],
    },
  },
  {
    name: 's3-sync/tests',
    files: ['tests/**/*.ts'],
    // jest types `expect.any()` and its kin as `any`; using such a value is still refused.
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    name: 's3-sync/admin',
    files: ['admin/**/*.ts', 'admin/**/*.tsx'],
    ...reactHooks.configs.flat.recommended,
  },
);
