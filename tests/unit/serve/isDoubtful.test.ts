import { isDoubtful } from '../../../server/src/serve/isDoubtful';

const OLD = 'a'.repeat(32);
const GONE = 'b'.repeat(32);
const NEW = 'c'.repeat(32);

describe('whether an object may be an older content', () => {
  test.each([
    ['a new content of a file that was replaced before', NEW, false],
    ['the content that was replaced', OLD, true],
    ['the content that was deleted', GONE, true],
    ['the parts of a large one, whose ETag tells nothing', `${NEW}-3`, true],
  ])('%s', (_name, etag, expected) => {
    expect(isDoubtful(etag, { deletedMd5: GONE, supersededMd5s: new Set([OLD]) }, undefined)).toBe(expected);
  });

  test.each([
    ['a new content', NEW, false],
    ['the content that was replaced', OLD, true],
    ['the content that was deleted', GONE, true],
  ])('base tells it of one in parts: %s', (_name, md5, expected) => {
    const etag = `${'d'.repeat(32)}-3`;
    const past = { deletedMd5: GONE, supersededMd5s: new Set([OLD]) };
    expect(isDoubtful(etag, past, { etag, md5 })).toBe(expected);
    expect(isDoubtful(etag, past, { etag: `${'e'.repeat(32)}-3`, md5 })).toBe(true);
  });

  test('nothing is doubted of a file that was never replaced or deleted', () => {
    expect(isDoubtful(`${NEW}-3`, { supersededMd5s: new Set() }, undefined)).toBe(false);
  });
});
