import { readFileSync } from 'node:fs';
import path from 'node:path';
import { entries } from './table/entries';
import { findTests } from './table/findTests';
import { makeTable } from './table/makeTable';

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
});
