import { entries, type Entry } from './entries';
import { findTests, type Server } from './findTests';

const HEAD = `# Failures known from the field, tried here

Made by \`npm run field-failures:table\` from the tests and from \`table/entries.ts\`; a test fails where it is stale.

The numbers stand in the titles of the tests: \`npx jest --selectProjects field-failures -t '20\\.'\`. A cell says how
many tests, or tables of cases, hold it there. All of them run with \`npm test\`, those of tests/contract on Ceph where
it is installed, and on both servers with \`npm run test:long\`. Peers are named with the thread in which their failure
was reported.

| # | Failure | Peers that fail | Here | In-project server | Ceph |
| --: | --- | --- | --- | --- | --- |
`;

/** The text of README.md. */
export function makeTable(): string {
  return `${HEAD}${entries.map(rowOf).join('\n')}\n`;
}

function rowOf(entry: Entry): string {
  const tests = findTests(entry);
  const on = (server: Server): string => {
    const count = tests.filter(({ servers }) => servers.includes(server)).length;
    if (count > 0) return `holds (${count})`;
    return server === 'ceph' && entry.notOnCeph !== undefined ? `not tried: ${entry.notOnCeph}` : '**not tried**';
  };
  const { number, failure, peers, here } = entry;
  return `| ${[number, failure, peers.join(', '), here, on('in-project'), on('ceph')].join(' | ')} |`;
}
