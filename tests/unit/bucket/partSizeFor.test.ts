import { partSizeFor } from '../../../server/src/sync/bucket/partSizeFor';

const MIB = 1024 * 1024;

describe('partSizeFor', () => {
  test.each([0, 1, 8 * MIB, 5_000 * MIB, 80_000 * MIB])('a file of %i bytes goes in parts of 8 MiB', (size) => {
    expect(partSizeFor(size)).toBe(8 * MIB);
  });

  test('a larger file needs no more than 10,000 parts, of whole MiB', () => {
    for (const size of [80_000 * MIB + 1, 500_000 * MIB, 5 * MIB * MIB]) {
      const part = partSizeFor(size);
      expect(part % MIB).toBe(0);
      expect(Math.ceil(size / part)).toBeLessThanOrEqual(10_000);
      expect(Math.ceil(size / (part - MIB))).toBeGreaterThan(10_000);
    }
  });
});
