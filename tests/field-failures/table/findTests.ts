import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../../support/testApp';
import type { Entry } from './entries';

/** A server that tests run on; `none` where a test needs none. */
export type Server = 'in-project' | 'ceph' | 'none';

/** A test as it stands in its file; a table of cases is one. */
export interface FoundTest {
  file: string;
  title: string;
  servers: readonly Server[];
}

const FOLDER = 'tests/field-failures';
const TOP = /^describe(EachStore|RealestStore)?\('([^']*)'/;
const TITLE = /(?:^|[\s(])['`"]([^\n]*?)['`"],?(?: (?:async )?\(|\s*$)/;

/** The tests of an entry: those that carry its number in their titles, and those it names elsewhere. */
export function findTests({ number, elsewhere = [] }: Entry): FoundTest[] {
  const own = readdirSync(path.join(repositoryRoot, FOLDER))
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => testsOf(`${FOLDER}/${name}`))
    .filter(({ title }) => title.startsWith(`${number}. `));
  const others = elsewhere.map(({ file, title }) => {
    const found = testsOf(file).find((test) => test.title.startsWith(title));
    if (found === undefined) throw new Error(`Entry ${number} names a test that is not in ${file}: ${title}`);
    return found;
  });
  return [...own, ...others];
}

/** The titles in a test file, each with the servers that the `describe` around it names. */
function testsOf(file: string): FoundTest[] {
  const found: FoundTest[] = [];
  let servers: Server[] = ['none'];
  for (const line of readFileSync(path.join(repositoryRoot, file), 'utf8').split('\n')) {
    const top = TOP.exec(line);
    if (top) servers = serversOf(top[2] ?? '', top[1] !== undefined);
    const title = TITLE.exec(line)?.[1];
    if (title !== undefined) found.push({ file, title, servers });
  }
  return found;
}

function serversOf(name: string, isOfStores: boolean): Server[] {
  if (isOfStores) return ['in-project', 'ceph'];
  if (name.includes('[in-project]')) return ['in-project'];
  return name.includes('[ceph]') ? ['ceph'] : ['none'];
}
