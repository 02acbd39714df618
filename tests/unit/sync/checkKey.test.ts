import { join, resolve, win32 } from 'node:path';
import fc from 'fast-check';
import { checkKey } from '../../../server/src/sync/checkKey';

const ROOT = '/srv/site/public';

describe('checkKey', () => {
  it.each([
    ['an empty key', '', 'empty'],
    ['a parent folder', '../x', '".."'],
    ['a parent folder in the middle', 'a/../../x', '".."'],
    ['a parent folder at the end', 'a/..', '".."'],
    ['the parent folder alone', '..', '".."'],
    ['the folder itself', './x', '"."'],
    ['the folder itself at the end', 'a/.', '"."'],
    ['an absolute path', '/etc/passwd', 'begins with a slash'],
    ['a drive letter', 'C:/x', 'drive letter'],
    ['a small drive letter and a backslash', 'c:\\x', 'drive letter'],
    ['a drive letter without a slash', 'z:x', 'drive letter'],
    ['a NUL character', 'a\0b', 'NUL'],
    ['a slash at the end', 'a/', 'ends with a slash'],
    ['two slashes in a row', 'a//b', 'two slashes'],
    ['half of a surrogate pair', 'a\ud800b', 'Unicode'],
    ['1,025 bytes', `${'a/'.repeat(512)}b`, '1024 bytes'],
    ['1,025 bytes in fewer characters', `${'é/'.repeat(341)}ab`, '1024 bytes'],
    ['a name of 256 bytes', 'a'.repeat(256), '255 bytes'],
    ['a name of 256 bytes in fewer characters', `x/${'é'.repeat(128)}/y`, '255 bytes'],
  ])('refuses %s', (_, key, reason) => {
    expect(checkKey(key)).toContain(reason);
  });

  it.each([
    'a',
    'uploads/x.jpg',
    '...',
    '..a/b..',
    'a/...',
    '.env',
    ' ',
    'a b+c%2F&"\'.jpg',
    'line\nfeed',
    'uploads/C:/x',
    'ab:c',
    'é',
    'e\u0301',
    '\u{1f600}',
    'a'.repeat(255),
    'é'.repeat(127),
    `${'a/'.repeat(511)}ab`,
    '~/x',
    '-rf',
    'con',
  ])('accepts %j', (key) => {
    expect(checkKey(key)).toBeUndefined();
  });

  it('accepts a backslash exactly where it does not part folders', () => {
    expect(checkKey('a\\b') === undefined).toBe(join('a', 'b') !== 'a\\b');
  });

  it('lets no key leave the directory it is joined to', () => {
    const piece = fc.oneof(
      fc.constantFrom('..', '.', '', '/', 'a', 'b.jpg', 'C:', '\\', '..\\', '\0', '%2e%2e', '~', ' ..', '.. '),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const key = fc.tuple(fc.array(piece, { maxLength: 6 }), fc.constantFrom('/', '')).map(([all, by]) => all.join(by));
    let passed = 0;
    fc.assert(
      fc.property(key, (one) => {
        if (checkKey(one) !== undefined) return;
        passed += 1;
        const path = resolve(ROOT, one);
        expect(path.startsWith(`${ROOT}/`)).toBe(true);
        expect(path).toBe(`${ROOT}/${one}`);
        // A key never names a drive, whatever system it is looked at on.
        expect(win32.parse(one).root).not.toMatch(/^[A-Za-z]:/);
      }),
      { numRuns: 5_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});
