import { provesEqual, type ContentDigest } from '../../../server/src/sync/provesEqual';
import { baseEntry, fingerprint } from './support/entries';

const MD5 = 'b'.repeat(32);
const COMPOSED = `${'c'.repeat(32)}-2`;
const DIGEST: ContentDigest = { size: 10, md5: MD5, composedEtags: [`${'d'.repeat(32)}-2`, COMPOSED] };

describe('provesEqual', () => {
  it.each([
    ['the MD5 as ETag', { size: 10, etag: MD5 }, undefined, true],
    ['a composed ETag of one of the part sizes', { size: 10, etag: COMPOSED }, undefined, true],
    ['another size, although the ETag is the MD5', { size: 11, etag: MD5 }, undefined, false],
    ['an ETag of the form of an MD5, but another one', { size: 10, etag: 'e'.repeat(32) }, undefined, undefined],
    ['an ETag of another form', { size: 10, etag: 'opaque' }, undefined, undefined],
    [
      'a composed ETag of another content or part size',
      { size: 10, etag: `${'e'.repeat(32)}-2` },
      undefined,
      undefined,
    ],
    ['no ETag at all', { size: 10, etag: '' }, undefined, undefined],
    ['base knows the opaque ETag, same content', { size: 10, etag: 'kms' }, baseEntry({ etag: 'kms', md5: MD5 }), true],
    ['base knows the opaque ETag, other content', { size: 10, etag: 'kms' }, baseEntry({ etag: 'kms' }), false],
    ['base knows another ETag', { size: 10, etag: 'kms' }, baseEntry({ etag: 'kms-old', md5: MD5 }), undefined],
    [
      'base knows the ETag for another size',
      { size: 10, etag: 'kms' },
      baseEntry({ etag: 'kms', md5: MD5, fingerprint: fingerprint({ size: 9 }) }),
      undefined,
    ],
    [
      'base says another content, but the ETag is the MD5',
      { size: 10, etag: MD5 },
      baseEntry({ etag: MD5, md5: 'f'.repeat(32) }),
      true,
    ],
  ] as const)('%s', (_, remote, base, expected) => {
    expect(provesEqual(DIGEST, remote, base)).toBe(expected);
  });

  it('trusts what a racy base says of the object: only its fingerprint is in doubt', () => {
    const base = baseEntry({ etag: 'kms', md5: MD5, racy: true });
    expect(provesEqual(DIGEST, { size: 10, etag: 'kms' }, base)).toBe(true);
  });
});
