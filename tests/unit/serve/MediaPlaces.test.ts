import { MediaPlaces } from '../../../server/src/serve/MediaPlaces';

const FIRST = '0123456789abcdef0123456789abcdef';
const SECOND = 'fedcba9876543210fedcba9876543210';

describe('the file that a local URL leads to', () => {
  test('is worked out once, and each of its contents has an address of its own', () => {
    const keyOf = jest.fn((path: string) => `uploads/${path}`);
    const places = new MediaPlaces('https://cdn.example', [], keyOf);
    const urlOf = (md5: string) => places.of('/uploads/a.jpg')?.urlOf(md5);
    expect([FIRST, FIRST, SECOND, FIRST].map(urlOf)).toEqual([
      'https://cdn.example/uploads/a.jpg?v=0123456789',
      'https://cdn.example/uploads/a.jpg?v=0123456789',
      'https://cdn.example/uploads/a.jpg?v=fedcba9876',
      'https://cdn.example/uploads/a.jpg?v=0123456789',
    ]);
    expect(keyOf).toHaveBeenCalledTimes(1);
  });

  test('URLs that differ in what follows the path share the file, and keep what follows', () => {
    const places = new MediaPlaces('https://cdn.example', [], (path) => path);
    const found = ['/uploads/a.jpg', '/uploads/a.jpg?w=1', '/uploads/a.jpg#top'].map((url) => places.of(url));
    expect(found.map((place) => place?.key)).toEqual(['a.jpg', 'a.jpg', 'a.jpg']);
    expect(found.map((place) => place?.urlOf(FIRST))).toEqual([
      'https://cdn.example/a.jpg?v=0123456789',
      'https://cdn.example/a.jpg?w=1&v=0123456789',
      'https://cdn.example/a.jpg?v=0123456789#top',
    ]);
  });

  test('there is none where the file is not synced', () => {
    const places = new MediaPlaces('https://cdn.example', [], () => undefined);
    expect(places.of('/uploads/a.jpg')).toBeUndefined();
  });
});
