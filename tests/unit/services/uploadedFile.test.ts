import { candidateHashes } from '../../../server/src/services/mediaReferences';
import { namedUploads, uploadNames } from '../../../server/src/services/uploadedFile';

const image = {
  hash: 'cat_1a2b',
  ext: '.jpg',
  provider: 'local',
  formats: {
    thumbnail: { hash: 'thumbnail_cat_1a2b', ext: '.jpg' },
    small: { hash: 'small_cat_1a2b', ext: '.webp' },
  },
};

describe('a row of the Media Library', () => {
  test('names its file and its formats', () => {
    expect(uploadNames(image)).toEqual(['cat_1a2b.jpg', 'thumbnail_cat_1a2b.jpg', 'small_cat_1a2b.webp']);
  });

  test.each([null, undefined, 'broken', {}])('may have the formats %j', (formats) => {
    expect(uploadNames({ ...image, formats })).toEqual(['cat_1a2b.jpg']);
  });

  test.each([null, undefined, ''])('may have the extension %j', (ext) => {
    expect(uploadNames({ hash: 'README', ext, provider: 'local' })).toEqual(['README']);
  });

  test('of another provider has no file here, but still names one', () => {
    expect(uploadNames({ ...image, provider: 'aws-s3' })).toEqual([]);
    expect(namedUploads({ ...image, provider: 'aws-s3' })).toContain('cat_1a2b.jpg');
  });

  test.each([undefined, null, {}, { id: 1 }, { hash: '' }])('that is %j does not tell', (row) => {
    expect(uploadNames(row)).toBeUndefined();
  });
});

describe('the rows that could name a file', () => {
  test.each([
    ['cat_1a2b.jpg', 'cat_1a2b'],
    ['thumbnail_cat_1a2b.jpg', 'cat_1a2b'],
    ['extra_wide_cat_1a2b.jpg', 'cat_1a2b'],
    ['README', 'README'],
    ['archive.tar.gz', 'archive.tar'],
    ['.htaccess', '.htaccess'],
  ])('%s: one with the hash %s', (name, hash) => {
    expect(candidateHashes(name)).toContain(hash);
  });

  test('are few, however many underscores a name has', () => {
    expect(candidateHashes(`${'a_'.repeat(100)}.jpg`).length).toBeLessThanOrEqual(6);
  });
});
