import { createHash } from 'node:crypto';
import { COMPOSED_ETAG, composedEtag } from '../../../server/src/sync/bucket/composedEtag';

const md5 = (text: string): Buffer => createHash('md5').update(text).digest();

describe('composedEtag', () => {
  // Made by: (printf a | md5sum; printf b | md5sum) | cut -c1-32 | xxd -r -p | md5sum
  test('is the MD5 of the MD5s of the parts, and their number', () => {
    expect(composedEtag([md5('a'), md5('b')])).toBe('96e024ba2074fe77e8e965ba43a704be-2');
  });

  test('depends on the order of the parts', () => {
    expect(composedEtag([md5('a'), md5('b')])).not.toBe(composedEtag([md5('b'), md5('a')]));
  });

  test('COMPOSED_ETAG knows its own form from others', () => {
    expect(composedEtag([md5('a')])).toMatch(COMPOSED_ETAG);
    for (const other of ['', md5('a').toString('hex'), `${md5('a').toString('hex')}-0`, 'x-1']) {
      expect(other).not.toMatch(COMPOSED_ETAG);
    }
  });
});
