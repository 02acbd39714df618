import type { Wish } from '../../../server/src/services/wishes';
import { leftOf } from '../../../server/src/triggers/leftOf';

const keyOf = (name: string) => (name.startsWith('outside') ? undefined : `uploads/${name}`);
const left = (wish: Omit<Wish, 'trigger'>, ...keys: string[]) =>
  leftOf({ trigger: 'media', ...wish }, new Set(keys), keyOf);

describe('of a wish that was done but for some files', () => {
  test('only these are left of files by name', () => {
    expect(left({ uploads: ['a', 'b', 'c', 'outside'] }, 'uploads/b')).toEqual({ trigger: 'media', uploads: ['b'] });
  });

  test('what was deleted stays among them', () => {
    const wish = { uploads: ['a', 'b', 'c'], deleted: ['a', 'b'] };
    expect(left(wish, 'uploads/b', 'uploads/c')).toEqual({ trigger: 'media', uploads: ['b', 'c'], deleted: ['b'] });
  });

  test('only these are left of files by key', () => {
    expect(left({ uploads: ['a'], keys: ['uploads/x', 'uploads/y'] }, 'uploads/y')).toEqual({
      trigger: 'media',
      uploads: [],
      keys: ['uploads/y'],
    });
  });

  test('only these are left of what others changed, and the position stays', () => {
    const keys = new Map([
      ['uploads/a', true],
      ['uploads/b', false],
    ]);
    expect(left({ changes: { keys, position: 7 } }, 'uploads/a')).toEqual({
      trigger: 'media',
      changes: { keys: new Map([['uploads/a', true]]), position: 7 },
    });
  });

  test('all are asked for again where another file failed than those that were named', () => {
    const wish = { uploads: ['a', 'b'] };
    expect(left(wish, 'uploads/b', 'uploads/b/c')).toEqual({ trigger: 'media', ...wish });
  });

  test('a wish for everything stays what it is', () => {
    expect(left({ whole: true }, 'uploads/b')).toEqual({ trigger: 'media', whole: true });
  });
});
