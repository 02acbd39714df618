import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { explainGlob } from '../../server/src/config/explainGlob';
import { createKeyFilter } from '../../server/src/sync/KeyFilter';
import { MemoryFeed } from '../support/MemoryFeed';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';
import { tell } from './support/tell';

/** Buckets full of hostile keys; more with `npm run test:long`. */
const BUCKETS = process.env.S3_SYNC_LONG === '1' ? 500 : 15;

/** Parts of keys that have led out of a directory, or broken a tool: s5cmd#872, CVE-2021-32061. */
const names = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('..', '.', '', 'a', 'b', 'uploads', '.s3-sync', 'out', 'circle') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('C:', '\\\\host\\share', 'CON', 'nul.txt', 'a:stream', 'trailing. ', '%2e%2e'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('..\\..', 'a\nb', '\u0001\u001f', '\u007f', '\u202e', '\ufeff', '-rf', '~', '$HOME'),
  },
  { weight: 1, arbitrary: fc.constantFrom('x'.repeat(255), 'x'.repeat(256), '\u{1f600}'.repeat(64), '.x.s3-sync-tmp') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
);
const keys = fc
  .array(names, { minLength: 1, maxLength: 7 })
  .map((parts) => parts.join('/'))
  .chain((key) => fc.constantFrom(key, `uploads/${key}`, `/${key}`, `uploads/${key}/`))
  .filter((key) => key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= 1_024);

/** Input of strangers. Entries are numbered as in README.md. */
describe('Keys that strangers put in the bucket [in-project]', () => {
  let store: Awaited<ReturnType<typeof startInProjectStore>>;

  beforeAll(async () => {
    store = await startInProjectStore();
  });
  afterAll(() => store.server.close());

  test.each(['uploads/**', '**'])(
    '8. never touch a path outside of the directory (include %s)',
    async (include) => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(keys, { minLength: 1, maxLength: 12 }), async (planted) => {
          const outer = await SyncedDirectory.create(store, { include: [include], exclude: [] });
          const directory = outer.path('inner/site');
          await mkdir(path.join(directory, 'uploads'), { recursive: true });
          await writeFile(outer.path('inner/a'), 'sentinel');
          await writeFile(outer.path('b'), 'sentinel');
          await symlink(outer.path('inner'), path.join(directory, 'uploads', 'out'));
          await symlink('.', path.join(directory, 'uploads', 'circle'));
          for (const key of planted) await store.server.putObject(outer.bucketName, key, 'hostile');
          const before = await outsideOf(outer.root, directory);
          const feed = new MemoryFeed();
          for (let times = 0; times < 2; times++) {
            const run = await outer.run({
              mode: 'MULTI',
              multi: { feed, trashDays: 7 },
              directory,
              stateDirectory: path.join(directory, 'uploads', '.s3-sync'),
            });
            expect(run.status).toMatch(/^(done|partial)$/);
            expect(run).toMatchObject({ deletedRemote: 0, deletedLocal: 0, conflicts: 0 });
            expect(run.failures.filter(({ code }) => code === 'INTERNAL')).toEqual([]);
            expect(tell(run).text).not.toContain('INTERNAL');
          }
          expect(await outsideOf(outer.root, directory)).toEqual(before);
          expect(store.server.listKeys(outer.bucketName)).toEqual(expect.arrayContaining(planted));
          await Promise.all(planted.map((key) => store.server.deleteObject(outer.bucketName, key)));
          await outer.dispose();
        }),
        { numRuns: BUCKETS, seed: 8 },
      );
    },
    600_000,
  );
});

/** Everything around the synced directory: names, and the contents of the files. */
async function outsideOf(root: string, directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const at = path.join(folder, entry.name);
      if (at === directory) continue;
      found[at] = entry.isFile() ? await readFile(at, 'utf8') : entry.name;
      if (entry.isDirectory()) await visit(at);
    }
  };
  await visit(root);
  return found;
}

describe('Globs that strangers could think of', () => {
  const pieces = fc.constantFrom(
    '*',
    '**',
    '?',
    'a',
    'ab',
    '/',
    '[ab]',
    '[!a]',
    '{a,b}',
    '{a,*}',
    '(a|b)',
    '+',
    '.',
    '!',
    '@(a)',
    '\\',
  );
  const globs = fc.array(pieces, { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''));
  const longKeys = [
    'a'.repeat(255),
    `${'a/'.repeat(500)}b`,
    `${'ab'.repeat(120)}/${'ba'.repeat(120)}c`,
    '/'.repeat(200),
  ];

  test('are refused with a reason, or matched in no time against any key', () => {
    fc.assert(
      fc.property(globs, (glob) => {
        const reason = explainGlob(glob);
        if (reason !== undefined) {
          expect(reason.message).toMatch(/^A |^Write |^Patterns |^This /);
          return;
        }
        const filter = createKeyFilter({ include: [glob], exclude: [glob] });
        const begun = process.cpuUsage();
        for (const key of longKeys) filter.matches(key);
        // The same globs that are refused take minutes: there is room for a busy machine.
        expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(2_000);
      }),
      { numRuns: BUCKETS * 40, seed: 8 },
    );
  });
});
