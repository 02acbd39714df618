import {
  decodeMetadata,
  decodeMetadataValue,
  encodeMetadata,
  encodeMetadataValue,
} from '../../../server/src/sync/bucket/metadata';

describe('metadata', () => {
  test.each(['1700000000.123456789', 'ab'.repeat(32), 'two words', ''])('%j is sent as it is', (value) => {
    if (value !== '') expect(encodeMetadataValue(value)).toBe(value);
    expect(decodeMetadataValue(encodeMetadataValue(value))).toBe(value);
  });

  test.each(['Grüße', '100%', '%41', ' blank at the ends ', 'two  blanks', 'line\nfeed', '\u{1f600}', '日本語'])(
    '%j is sent as printable ASCII and comes back exact',
    (value) => {
      expect(encodeMetadataValue(value)).toMatch(/^[\x21-\x7e]+$/);
      expect(decodeMetadataValue(encodeMetadataValue(value))).toBe(value);
    },
  );

  test('a value of someone else that cannot be decoded stays as it is', () => {
    expect(decodeMetadataValue('50% off')).toBe('50% off');
  });

  test('names come back in lower case', () => {
    expect(decodeMetadata(encodeMetadata({ Mtime: '1', sha256: 'x y' }))).toEqual({ mtime: '1', sha256: 'x y' });
    expect(decodeMetadata(undefined)).toEqual({});
  });
});
