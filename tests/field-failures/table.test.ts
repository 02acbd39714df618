import { readFileSync } from 'node:fs';
import path from 'node:path';
import { entries } from './table/entries';
import { findTests } from './table/findTests';
import { makeTable } from './table/makeTable';
import { expectUnderstood } from './support/expectUnderstood';
import type { Told } from './support/toldByPage';

describe('The table of the failures known from the field', () => {
  test('is what the tests make of it; where not: npm run field-failures:table', () => {
    expect(readFileSync(path.join(__dirname, 'README.md'), 'utf8')).toBe(makeTable());
  });

  test('has a test of each entry on both servers, or says why not', () => {
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 24 }, (_, index) => index + 1));
    for (const entry of entries) {
      const servers = findTests(entry).flatMap((test) => test.servers);
      expect([entry.number, servers.includes('in-project')]).toEqual([entry.number, true]);
      expect([entry.number, servers.includes('ceph') !== (entry.notOnCeph !== undefined)]).toEqual([
        entry.number,
        true,
      ]);
    }
  });

  test.each(entries)(
    'names what the page shows of $number, and the page has cause and fix of it in each language',
    ({ page: { done, guards = [], errors = [] } }) => {
      const words = { message: 'What happened, as the server says.', fix: 'What to do, as the server says.' };
      const told: Told[] = [
        ...(done ? [{ kind: 'done' } as const] : []),
        ...guards.map((guard) => ({ kind: 'refusal', refusal: { guard, count: 12, limit: 10, ...words } }) as const),
        ...errors.map((code) => ({ kind: 'error', error: { code, ...words } }) as const),
        ...errors.map((code) => ({ kind: 'failure', failure: { key: 'uploads/a.txt', code, ...words } }) as const),
      ];
      expect(told).not.toEqual([]);
      for (const one of told) expectUnderstood(one);
    },
  );
});
