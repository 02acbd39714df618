import { parseRange } from '../../../server/src/serve/parseRange';

describe('the range of a request', () => {
  test.each([
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=99-99', { first: 99, last: 99 }],
  ])('%s is a part of 100 bytes', (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  test.each(['', 'bytes=100-', 'bytes=-5', 'bytes=5-4', 'bytes=0-1,3-4', 'items=0-1', 'bytes=a-b'])(
    '"%s" is answered with the whole',
    (header) => {
      expect(parseRange(header, 100)).toBeUndefined();
    },
  );
});
