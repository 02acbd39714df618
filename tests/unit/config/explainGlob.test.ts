import { explainGlob } from '../../../server/src/config/explainGlob';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';

describe('a glob that is taken', () => {
  // Built to make a matcher go back as often as its stars allow.
  const globs = [
    '*a*a*b',
    '**/a/**/a/*b',
    '**/*a*/**/*b',
    '**/*a*a*/*b',
    '*a*a*/*b',
    '*a*/*a*b',
    '**/*a*/**/*a*b',
    '{*a,*b}*c',
    '{a,a,a}*{a,a,a}*{a,a,a}*b',
    '?a?a?a?a?a*b',
    '[a-z]*[a-z]*[a-z]*1',
  ];
  const name = 'a'.repeat(255);
  const keys = [name, [name, name, name, name].join('/'), `${'a/'.repeat(500)}c`, `${'aa/'.repeat(330)}c`];

  test.each(globs)('is matched in no time: %s', (glob) => {
    expect(explainGlob(glob)).toBeUndefined();
    const filter = createKeyFilter({ include: ['**'], exclude: [glob] });
    const begun = performance.now();
    for (const key of keys) filter.matches(key);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

test.each(['*a*a*a*a*a*b', '*a*a*/*a*b', '*a*a*a*b', '**/a/**/a/**/b', 'a**a**a**a**b', '*/*/*/*/*/*'])(
  'a glob with too many stars is refused: %s',
  (glob) => {
    expect(explainGlob(glob)?.message).toMatch(/^A pattern has at most/);
  },
);
