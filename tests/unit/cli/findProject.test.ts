import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCurrentBuild } from '../../../server/src/cli/findCurrentBuild';
import { findProject } from '../../../server/src/cli/findProject';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 's3-sync-project-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(name: string, content: unknown, secondsAgo = 0): void {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(file, time, time);
}

describe('The Strapi project', () => {
  test('is the nearest folder above that names Strapi and has a config', () => {
    write('package.json', { dependencies: { '@strapi/strapi': '5.54.0' } });
    write('config/server.js', '');
    write('src/tools/package.json', { dependencies: { lodash: '*' } });
    expect(findProject(root)).toBe(root);
    expect(findProject(path.join(root, 'src', 'tools'))).toBe(root);
  });

  test('is not a plugin inside a project, nor a workspace around one', () => {
    write('package.json', { devDependencies: { '@strapi/strapi': '5.54.0' } });
    write('apps/cms/package.json', { dependencies: { '@strapi/strapi': '5.54.0' } });
    write('apps/cms/config/server.js', '');
    write('apps/cms/src/plugins/own/package.json', {
      strapi: { kind: 'plugin' },
      devDependencies: { '@strapi/strapi': '5.54.0' },
    });
    write('apps/cms/src/plugins/own/config/index.js', '');
    const project = path.join(root, 'apps', 'cms');
    expect(findProject(path.join(project, 'src', 'plugins', 'own'))).toBe(project);
    expect(() => findProject(path.join(root, 'apps'))).toThrow('There is no Strapi project in ');
  });

  test('may be deployed with its compiled files alone; a broken package.json is none', () => {
    write('package.json', { dependencies: { '@strapi/strapi': '5.54.0' } });
    write('dist/config/server.js', '');
    expect(findProject(root)).toBe(root);
    write('package.json', '{');
    expect(() => findProject(root)).toThrow('There is no Strapi project in ');
  });
});

describe('The compiled files of a TypeScript project', () => {
  beforeEach(() => {
    write('tsconfig.json', '{ "compilerOptions": { "outDir": "build" } } // a comment', 100);
    write('config/server.ts', '', 100);
    write('src/api/a.ts', '', 100);
    write('build/config/server.js', '', 50);
    write('build/tsconfig.tsbuildinfo', '', 50);
  });

  test('are used while they are newer than their sources', () => {
    expect(findCurrentBuild(root)).toBe(path.join(root, 'build'));
    write('src/admin/app.tsx', '', 10);
    expect(findCurrentBuild(root)).toBe(path.join(root, 'build'));
  });

  test.each(['src/api/a.ts', 'src/api/deep/new.json', 'config/server.ts', 'tsconfig.json'])(
    'are not used where %s is newer',
    (name) => {
      write(name, '{ "compilerOptions": { "outDir": "build" } }', 10);
      expect(findCurrentBuild(root)).toBeUndefined();
    },
  );

  test('are not used where they are missing or incomplete', () => {
    rmSync(path.join(root, 'build', 'tsconfig.tsbuildinfo'));
    expect(findCurrentBuild(root)).toBeUndefined();
  });
});
