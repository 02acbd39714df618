import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { DEFAULT_EXCLUDE, DEFAULT_INCLUDE } from '../../../server/src/config/settingsSchema';
import { checkKey } from '../../../server/src/sync/checkKey';
import { compareKeys } from '../../../server/src/sync/compareKeys';
import { createKeyFilter, type KeyFilter } from '../../../server/src/sync/KeyFilter';

function filterOf(include: readonly string[], exclude: readonly string[] = []): KeyFilter {
  return createKeyFilter({ include, exclude });
}

/** Every folder above a key. */
function foldersAbove(key: string): string[] {
  const names = key.split('/').slice(0, -1);
  return names.map((_, depth) => names.slice(0, depth + 1).join('/'));
}

describe('The default filter', () => {
  const filter = filterOf(DEFAULT_INCLUDE, DEFAULT_EXCLUDE);

  it.each([
    'uploads/x.jpg',
    'uploads/folder/deep/x.jpg',
    'uploads/a b+c (1) [2] {3}.jpg',
    'uploads/line\nfeed.jpg',
    'uploads/line\r\n\u2028feed/x.jpg',
    'uploads/é',
    'uploads/e\u0301',
    'uploads/\u{1f600}',
    'uploads/x.',
    'uploads/a.b/c',
    'uploads/uploads_backup_1',
  ])('takes %j', (key) => {
    expect(filter.matches(key)).toBe(true);
    for (const folder of foldersAbove(key)) expect(filter.entersFolder(folder)).toBe(true);
  });

  it.each([
    'x.jpg',
    'uploads',
    'uploads-backup/x.jpg',
    'uploads_backup_1700000000/x.jpg',
    'Uploads/x.jpg',
    'site/uploads/x.jpg',
    'uploads/.env',
    'uploads/...',
    'uploads/.git/config',
    'uploads/a/.hidden/deep/x.jpg',
    'uploads/.DS_Store',
    'uploads/Thumbs.db',
    'uploads/a/desktop.ini',
    'uploads/__MACOSX/x.jpg',
    'uploads/.line\nfeed',
    'uploads/.line\nfeed/x.jpg',
  ])('leaves %j alone', (key) => {
    expect(filter.matches(key)).toBe(false);
  });

  it.each(['uploads-backup', 'upload', 'uploads/.git', 'uploads/a/.hidden', 'uploads/__MACOSX', 'build'])(
    'does not go into the folder %j',
    (folder) => {
      expect(filter.entersFolder(folder)).toBe(false);
    },
  );

  it('lists and walks below uploads/ only', () => {
    expect(filter.prefixes).toEqual(['uploads/']);
  });
});

describe('A filter', () => {
  it.each([
    ['**', 'x.jpg', true],
    ['**', 'uploads/deep/x.jpg', true],
    ['**', '.env', true],
    ['**', 'a/.b/c', true],
    ['**', 'line\nfeed', true],
    ['*', 'x.jpg', true],
    ['*', 'uploads/x.jpg', false],
    ['*.txt', 'robots.txt', true],
    ['*.txt', 'robots.txt.gz', false],
    ['*.txt', 'robots.txt\n', false],
    ['favicon.ico', 'favicon.ico', true],
    ['favicon.ico', 'favicon.ico.bak', false],
    ['favicon.ico', 'favicon.ico/x', false],
    ['favicon.ico', 'faviconxico', false],
    ['uploads/*', 'uploads/x', true],
    ['uploads/*', 'uploads/a/x', false],
    ['uploads/**/x.jpg', 'uploads/x.jpg', true],
    ['uploads/**/x.jpg', 'uploads/a/b/x.jpg', true],
    ['uploads/**/x.jpg', 'uploads/a/b/y.jpg', false],
    ['{uploads,media}/**', 'media/x', true],
    ['{uploads,media}/**', 'uploads/a/x', true],
    ['{uploads,media}/**', 'build/x', false],
    ['uploads/*.{jpg,png}', 'uploads/x.png', true],
    ['uploads/*.{jpg,png}', 'uploads/x.gif', false],
    ['uploads/x?.jpg', 'uploads/x1.jpg', true],
    ['uploads/x?.jpg', 'uploads/x/.jpg', false],
    ['uploads/[ab].jpg', 'uploads/b.jpg', true],
    ['uploads/[ab].jpg', 'uploads/c.jpg', false],
    ['uploads/photo (1).jpg', 'uploads/photo (1).jpg', true],
    ['uploads/+(a).jpg', 'uploads/+a.jpg', true],
    ['uploads/+(a).jpg', 'uploads/aa.jpg', false],
    ['uploads/c++ [1]+.pdf', 'uploads/c++ 1+.pdf', true],
    ['uploads/c++ [1]+.pdf', 'uploads/c++ 11.pdf', false],
    ['!uploads/x', 'media/x', false],
  ])('of %j says of %j: %s', (glob, key, expected) => {
    const filter = filterOf([glob]);
    expect(filter.matches(key)).toBe(expected);
    if (expected) for (const folder of foldersAbove(key)) expect(filter.entersFolder(folder)).toBe(true);
  });

  it.each([
    ['.s3-sync/owner'],
    ['uploads/.s3-sync/base-1/CURRENT'],
    ['a/b/.s3-sync/x'],
    ['uploads/x.jpg.s3-sync-tmp'],
    ['.s3-sync-tmp'],
  ])('leaves %j alone, whatever is set: it is the plugin’s own', (key) => {
    for (const include of [['**'], [key], ['**/*']]) expect(filterOf(include).matches(key)).toBe(false);
  });

  it('never goes into the state folder', () => {
    const filter = filterOf(['**', '.s3-sync/**', 'uploads/.s3-sync/**']);
    expect(filter.entersFolder('.s3-sync')).toBe(false);
    expect(filter.entersFolder('uploads/.s3-sync')).toBe(false);
  });

  it('takes names that only resemble the plugin’s own', () => {
    const filter = filterOf(['**']);
    for (const key of ['.s3-sync', 'a.s3-sync/x', '.s3-syncs/x', 'x.s3-sync-tmp.jpg', 'x.s3-sync-tmp/y']) {
      expect(filter.matches(key)).toBe(true);
    }
  });

  it('leaves alone what is excluded, and does not go into folders that are excluded whole', () => {
    const filter = filterOf(['uploads/**'], ['uploads/private/**', '**/*.tmp', 'uploads/one.jpg', 'uploads/part/*']);
    for (const key of ['uploads/private/x', 'uploads/a/b.tmp', 'uploads/one.jpg', 'uploads/part/x']) {
      expect(filter.matches(key)).toBe(false);
    }
    expect(filter.matches('uploads/part/deep/x')).toBe(true);
    expect(filter.entersFolder('uploads/private')).toBe(false);
    expect(filter.entersFolder('uploads/part')).toBe(true);
  });

  it('of nothing takes nothing', () => {
    const filter = filterOf([]);
    expect([filter.matches('uploads/x'), filter.entersFolder('uploads')]).toEqual([false, false]);
    expect(filter.prefixes).toEqual([]);
  });

  it.each<[string[], string[]]>([
    [['**'], ['']],
    [['uploads/**', '**'], ['']],
    [
      ['uploads/**', 'media/**'],
      ['media/', 'uploads/'],
    ],
    [['uploads/**', 'uploads/a/**', 'uploads/a/b'], ['uploads/']],
    [
      ['uploads/**', 'uploads-backup/**'],
      ['uploads-backup/', 'uploads/'],
    ],
    [['favicon.ico'], ['favicon.ico']],
    [['*.txt', 'uploads/**'], ['']],
    [['uploads/*.{jpg,png}'], ['uploads/']],
    [
      ['\u{1f600}/**', '\u{ffff}/**'],
      ['\u{ffff}/', '\u{1f600}/'],
    ],
  ])('of %j looks below %j', (include, prefixes) => {
    expect(filterOf(include).prefixes).toEqual(prefixes);
  });

  it('keeps its options as they were when it was made', () => {
    const include = ['uploads/**'];
    const filter = filterOf(include);
    include.push('**');
    expect(filter.options.include).toEqual(['uploads/**']);
  });

  it.each([
    ['(a+)+b'],
    ['(a|a)+b'],
    ['([a-z]+)+b'],
    ['+(+(a))b'],
    ['*(a|aa)b'],
    ['[a-z]+[a-z]+[a-z]+[a-z]+[a-z]+[a-z]+b'],
    ['a{1,}{1,}{1,}{1,}b'],
    ['{a,b}{1..99999999}'],
    ['**/**/**/**/**/**/**/**/**/**/b'],
    ['********************b'],
  ])('of %j answers at once, whatever the key', (glob) => {
    const filter = filterOf([glob]);
    for (const key of ['a'.repeat(255), 'a/'.repeat(500)]) {
      const run = () => {
        runInNewContext('matches()', { matches: () => filter.matches(key) }, { timeout: 2_000 });
      };
      expect(run).not.toThrow();
    }
  });
});

describe('Any filter', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'ab',
      'uploads',
      '.a',
      'x.jpg',
      'line\nfeed',
      'é',
      '\u{1f600}',
      '.s3-sync',
      'b.s3-sync-tmp',
    ),
    fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', ' '), minLength: 1, maxLength: 3 }),
  );
  const key = fc
    .array(name, { minLength: 1, maxLength: 4 })
    .map((names) => names.join('/'))
    .filter((one) => checkKey(one) === undefined);
  const globName = fc.oneof(
    name,
    fc.constantFrom(
      '*',
      '**',
      '*.jpg',
      '?',
      '[ab]',
      '{a,b}',
      '{a,uploads}',
      'a*',
      '*b',
      '.*',
      '{a/b,b}',
      '(a|b)',
      '!a',
    ),
  );
  // The settings refuse a glob with the folder name "." or "..".
  const glob = fc
    .array(globName, { minLength: 1, maxLength: 4 })
    .filter((names) => !names.some((one) => one === '.' || one === '..'))
    .map((names) => names.join('/'));
  const globs = fc.array(glob, { maxLength: 4 });
  const runs = { numRuns: 3_000 };

  it('takes only keys that begin with one of its prefixes and whose folders it enters', () => {
    let matched = 0;
    fc.assert(
      fc.property(globs, globs, fc.array(key, { minLength: 1, maxLength: 20 }), (include, exclude, keys) => {
        const filter = createKeyFilter({ include, exclude });
        for (const one of keys.filter((candidate) => filter.matches(candidate))) {
          matched += 1;
          expect(filter.prefixes.some((prefix) => one.startsWith(prefix))).toBe(true);
          for (const folder of foldersAbove(one)) {
            expect({ folder, entered: filter.entersFolder(folder) }).toEqual({ folder, entered: true });
          }
        }
      }),
      runs,
    );
    expect(matched).toBeGreaterThan(200);
  });

  it('does not take a file by the name of a folder, whatever the other globs begin with', () => {
    const filter = createKeyFilter({ include: ['upload', 'u*.txt', 'uploads/**'], exclude: [] });
    expect(filter.matches('uploads')).toBe(false);
    expect(filter.matches('uploads/x')).toBe(true);
  });

  it('takes what one of its globs alone takes, unless it is excluded', () => {
    fc.assert(
      fc.property(globs, globs, key, (include, exclude, one) => {
        const takenByOne = include.some((single) => filterOf([single]).matches(one));
        const isExcluded = exclude.some((single) => filterOf([single]).matches(one));
        const taken = createKeyFilter({ include, exclude }).matches(one);
        if (taken) expect(takenByOne).toBe(true);
        if (takenByOne && isExcluded) expect(taken).toBe(false);
      }),
      runs,
    );
  });

  it('takes a key that is named as it is', () => {
    fc.assert(
      fc.property(key, (one) => {
        const isOwn = one.endsWith('.s3-sync-tmp') || `/${one}`.includes('/.s3-sync/');
        expect(filterOf([one]).matches(one)).toBe(!isOwn);
      }),
      runs,
    );
  });

  it('has sorted prefixes, none the beginning of another', () => {
    fc.assert(
      fc.property(globs, (include) => {
        const { prefixes } = filterOf(include);
        expect(prefixes).toEqual([...prefixes].sort(compareKeys));
        for (const [index, prefix] of prefixes.entries()) {
          expect(prefixes.some((other, at) => at !== index && other.startsWith(prefix))).toBe(false);
        }
      }),
      runs,
    );
  });

  it('takes below a folder what the glob itself takes, whatever the names', () => {
    const names = fc.array(fc.constantFrom('a', '.', '..', '.hidden', 'b.c', '', '...', ' '), { maxLength: 4 });
    const glob = picomatch('uploads/**', { dot: true, noextglob: true, regex: false, nonegate: true, flags: 's' });
    const filter = createKeyFilter({ include: ['uploads/**'], exclude: [] });
    fc.assert(
      fc.property(names, (parts) => {
        const key = ['uploads', ...parts].join('/');
        expect(filter.matches(key)).toBe(key.startsWith('uploads/') && glob(key));
      }),
    );
  });
});
