import { createIntl } from 'react-intl';
import { textsOf } from '../../support/textsOf';
import { entries, type Entry, type Shown } from './entries';
import { findTests, type Server } from './findTests';

const HEAD = `# Failures known from the field, tried here

Made by \`npm run field-failures:table\` from the tests and from \`table/entries.ts\`; a test fails where it is stale.

The numbers stand in the titles of the tests: \`npx jest --selectProjects field-failures -t '20\\.'\`. A cell says how
many tests, or tables of cases, hold it there. All of them run with \`npm test\`, those of tests/contract on Ceph where
it is installed, and on both servers with \`npm run test:long\`. Peers are named with the thread in which their failure
was reported. What the page says is there in each of its languages, with the fix; the tests let it say nothing else.

| # | Failure | Peers that fail | Here | The page says | In-project server | Ceph |
| --: | --- | --- | --- | --- | --- | --- |
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
  const { number, failure, peers, here, page } = entry;
  const said = titlesOf(page).join('<br>');
  return `| ${[number, failure, peers.join(', '), here, said, on('in-project'), on('ceph')].join(' | ')} |`;
}

const texts = textsOf('en');
const english = createIntl({ locale: 'en', messages: texts });

/** The first line of each thing that is shown, in English. */
function titlesOf({ done, guards = [], errors = [] }: Shown): string[] {
  const ids = [
    ...(done ? ['run.summary.done'] : []),
    ...guards.map((guard) => `guard.${guard}`),
    ...errors.map((code) => `error.${code}`),
  ];
  return ids.map((id) => english.formatMessage({ id }, { count: 12, files: '12' }));
}
