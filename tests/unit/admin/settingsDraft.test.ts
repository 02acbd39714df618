import { parseSettings } from '../../../server/src/config/settingsSchema';
import { toChanges, toDraft, type SettingsDraft } from '../../../admin/src/settingsDraft';

function draftOf(values: Record<string, unknown>): SettingsDraft {
  const parsed = parseSettings(values);
  if ('errors' in parsed) throw new Error(parsed.errors[0]?.message);
  return toDraft(parsed.settings);
}

test('settings that are not set are empty inputs', () => {
  const draft = draftOf({});
  expect(draft).toMatchObject({
    bucketName: '',
    awsRegion: '',
    mode: '',
    prefix: '',
    endpoint: '',
    forcePathStyle: false,
  });
});

test('a list is one entry per line', () => {
  expect(draftOf({ include: ['uploads/**', 'docs/*.pdf'] }).include).toBe('uploads/**\ndocs/*.pdf');
});

test('nothing is sent where nothing was changed', () => {
  const saved = draftOf({ bucketName: 'my-bucket', mode: 'SINGLE' });
  expect(toChanges({ ...saved }, saved)).toEqual({});
});

test('only what was changed is sent, without the spaces around it', () => {
  const saved = draftOf({ bucketName: 'my-bucket', awsRegion: 'eu-west-1', mode: 'SINGLE' });
  const draft = { ...saved, bucketName: ' other-bucket ', forcePathStyle: true };
  expect(toChanges(draft, saved)).toEqual({ bucketName: 'other-bucket', forcePathStyle: true });
});

test('an emptied input is sent as empty text, which the server takes for "not set"', () => {
  const saved = draftOf({ bucketName: 'my-bucket', endpoint: 'https://store.example.com' });
  const changes = toChanges({ ...saved, endpoint: '' }, saved);
  expect(changes).toEqual({ endpoint: '' });
  expect(draftOf(changes).endpoint).toBe('');
});

test('blank lines of a list are left out', () => {
  const saved = draftOf({});
  expect(toChanges({ ...saved, include: '\n uploads/** \n\nmedia/**\n' }, saved)).toEqual({
    include: ['uploads/**', 'media/**'],
  });
});

test('what the form sends is what the server reads back', () => {
  const saved = draftOf({});
  const draft: SettingsDraft = {
    bucketName: 'my-bucket',
    awsRegion: 'eu-west-1',
    mode: 'SINGLE',
    prefix: 'site/',
    endpoint: 'https://store.example.com',
    forcePathStyle: true,
    include: 'uploads/**\ndocs/**',
    exclude: '.*',
  };
  expect(draftOf(toChanges(draft, saved))).toEqual(draft);
});
