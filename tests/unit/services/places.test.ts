import {
  explainPlaces,
  isInsideUploads,
  keyOfUpload,
  resolvePlaces,
  uploadOfKey,
} from '../../../server/src/services/places';

const project = { root: '/srv/app', publicDirectory: '/srv/app/public' };

describe('the folders of a run', () => {
  test('are the public directory, and the state in its uploads', () => {
    expect(resolvePlaces(project, {})).toEqual({
      directory: '/srv/app/public',
      stateDirectory: '/srv/app/public/uploads/.s3-sync',
    });
  });

  test.each([
    ['public/uploads', '/srv/app/public/uploads/.s3-sync'],
    ['./public', '/srv/app/public/uploads/.s3-sync'],
    ['public/docs', '/srv/app/public/docs/.s3-sync'],
    ['/srv/app/public/uploads/a', '/srv/app/public/uploads/a/.s3-sync'],
  ])('keep the state with the files of %s', (directory, stateDirectory) => {
    expect(resolvePlaces(project, { directory }).stateDirectory).toBe(stateDirectory);
  });

  test.each(['..', '/etc', 'public/../private', 'public-other'])(
    'are refused outside the public directory: %s',
    (directory) => {
      const errors = explainPlaces(project, resolvePlaces(project, { directory }));
      expect(errors.map(({ path }) => path)).toEqual([['directory']]);
    },
  );

  test.each([
    ['public/state', 1],
    ['public/uploads/state', 1],
    ['public/uploads/.s3-sync', 0],
    ['/var/lib/s3-sync', 0],
  ])('keep the state %s out of what is synced and served', (stateDirectory, errors) => {
    expect(explainPlaces(project, resolvePlaces(project, { stateDirectory }))).toHaveLength(errors);
  });
});

describe('the key of an uploaded file', () => {
  test.each([
    ['/srv/app/public', 'uploads/a.jpg'],
    ['/srv/app/public/uploads', 'a.jpg'],
    ['/srv/app/public/docs', undefined],
  ])('is relative to %s', (directory, key) => {
    expect(keyOfUpload(project, directory, 'a.jpg')).toBe(key);
  });

  test('leads back to the file', () => {
    expect(uploadOfKey(project, '/srv/app/public', 'uploads/a.jpg')).toBe('a.jpg');
    expect(uploadOfKey(project, '/srv/app/public/uploads', 'a.jpg')).toBe('a.jpg');
    expect(uploadOfKey(project, '/srv/app/public', 'uploads/sub/a.jpg')).toBeUndefined();
    expect(uploadOfKey(project, '/srv/app/public', 'robots.txt')).toBeUndefined();
    expect(uploadOfKey(project, '/srv/app/public/uploads/sub', 'a.jpg')).toBeUndefined();
  });

  test('tells a directory in uploads from the one around it', () => {
    expect(isInsideUploads(project, '/srv/app/public/uploads')).toBe(true);
    expect(isInsideUploads(project, '/srv/app/public')).toBe(false);
  });
});
