import fc from 'fast-check';
import { compareKeys } from '../../../server/src/sync/compareKeys';

/** Any string that has a UTF-8 form, with the characters at which UTF-16 and UTF-8 order differ made frequent. */
const wellFormed = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom('a', 'b', '/', '\u{d7ff}', '\u{e000}', '\u{ffff}', '\u{10000}', '\u{10ffff}', 'é', 'e\u0301'),
  ),
  maxLength: 8,
});

function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe('compareKeys', () => {
  it.each([
    ['', '', 0],
    ['', 'a', -1],
    ['a', 'a/b', -1],
    ['a-b', 'a/b', -1],
    ['a.txt', 'a/b', -1],
    ['a/b', 'a0', -1],
    ['Z', 'a', -1],
    ['e\u0301', 'é', -1],
    ['\u{ffff}', '\u{1f600}', -1],
    ['\u{e000}', '\u{10000}', -1],
    ['\u{d7ff}', '\u{10000}', -1],
    ['\u{1f600}', '\u{1f601}', -1],
  ])('orders %j and %j', (a, b, sign) => {
    expect(Math.sign(compareKeys(a, b))).toBe(sign);
    expect(Math.sign(compareKeys(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  it('orders any two keys as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(byteOrder(a, b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('orders keys with a common beginning as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(wellFormed, wellFormed, wellFormed, (start, a, b) => {
        expect(Math.sign(compareKeys(start + a, start + b))).toBe(byteOrder(start + a, start + b));
      }),
      { numRuns: 2_000 },
    );
  });

  it('sorts many keys as their UTF-8 bytes do', () => {
    fc.assert(
      fc.property(fc.array(wellFormed, { maxLength: 50 }), (keys) => {
        expect([...keys].sort(compareKeys)).toEqual([...keys].sort(byteOrder));
      }),
    );
  });
});
