import { parseSettings, settingNames } from '../../../server/src/config/settingsSchema';
import { pathOf, toChanges, toDraft, type FieldName, type SettingsDraft } from '../../../admin/src/settingsDraft';

function draftOf(values: Record<string, unknown>): SettingsDraft {
  const parsed = parseSettings(values);
  if ('errors' in parsed) throw new Error(parsed.errors[0]?.message);
  return toDraft(parsed.settings);
}

const nothing = draftOf({});

test('every setting has an input', () => {
  const isField = (name: string): name is FieldName => name in nothing;
  const settings = new Set(
    Object.keys(nothing)
      .filter(isField)
      .map((name) => pathOf(name)[0]),
  );
  expect([...settings].sort()).toEqual([...settingNames].sort());
});

test('settings that are not set are empty inputs', () => {
  expect(nothing).toMatchObject({
    bucketName: '',
    awsRegion: '',
    mode: '',
    prefix: '',
    endpoint: '',
    forcePathStyle: false,
    reconcile: '',
    readThrough: '',
    acl: '',
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
  const draft = { ...saved, bucketName: ' other-bucket ', awsRegion: 'eu-west-1 ', forcePathStyle: true };
  expect(toChanges(draft, saved)).toEqual({ bucketName: 'other-bucket', forcePathStyle: true });
});

test('an emptied input is sent as empty text, which the server takes for "not set"', () => {
  const saved = draftOf({ bucketName: 'my-bucket', endpoint: 'https://store.example.com' });
  const changes = toChanges({ ...saved, endpoint: '' }, saved);
  expect(changes).toEqual({ endpoint: '' });
  expect(draftOf(changes).endpoint).toBe('');
});

test('an emptied number goes back to its default', () => {
  const saved = draftOf({ trashDays: 30, maxDelete: { files: 3, percent: 4, absolute: 5 } });
  const changes = toChanges({ ...saved, trashDays: '', maxDeletePercent: ' ' }, saved);
  expect(changes).toEqual({ trashDays: null, maxDelete: { files: 3, percent: undefined, absolute: 5 } });
  expect(draftOf(changes)).toMatchObject({ trashDays: '7', maxDeleteFiles: '3', maxDeletePercent: '25' });
});

test('what is no number is left to the server to refuse', () => {
  const changes = toChanges({ ...nothing, concurrency: 'many' }, nothing);
  expect(changes).toEqual({ concurrency: 'many' });
  expect(parseSettings(changes)).toMatchObject({ errors: [{ path: ['concurrency'] }] });
});

test('one part of a setting is sent with the other parts, since a setting is saved as a whole', () => {
  expect(toChanges({ ...nothing, syncEnabled: false }, nothing)).toEqual({
    syncOn: { enabled: false, excludedContentTypes: [], coalesceSeconds: 2 },
  });
});

test.each([
  [{ reconcile: 'off' }, { reconcileCron: null }],
  [{ reconcile: 'own', reconcileCron: ' 0 3 * * * ' }, { reconcileCron: '0 3 * * *' }],
  [{ readThrough: 'off' }, { readThrough: false }],
  [{ readThrough: 'on' }, { readThrough: true }],
])('the choice %j is saved as %j and read back', (fields, setting) => {
  const changes = toChanges({ ...nothing, ...fields }, nothing);
  expect(changes).toEqual(setting);
  expect(draftOf(changes)).toMatchObject({ ...fields, ...('reconcileCron' in fields ? setting : {}) });
});

test('a choice that is left to the plugin again is sent as "not set"', () => {
  const saved = draftOf({ reconcileCron: null, readThrough: true });
  const changes = toChanges({ ...saved, reconcile: '', readThrough: '' }, saved);
  expect(changes).toEqual({ reconcileCron: '', readThrough: null });
  expect(draftOf(changes)).toEqual(nothing);
});

test('blank lines of a list are left out', () => {
  expect(toChanges({ ...nothing, include: '\n uploads/** \n\nmedia/**\n' }, nothing)).toEqual({
    include: ['uploads/**', 'media/**'],
  });
});

test('what the form sends is what the server reads back', () => {
  const draft: SettingsDraft = {
    ...nothing,
    bucketName: 'my-bucket',
    awsRegion: 'eu-west-1',
    mode: 'SINGLE',
    prefix: 'site/',
    endpoint: 'https://store.example.com',
    forcePathStyle: true,
    directory: 'public/uploads',
    include: 'uploads/**\ndocs/**',
    exclude: '.*',
    excludedContentTypes: 'api::log.log',
    coalesceSeconds: '0.5',
    scanEvery: '0',
    maxDeleteFiles: '0',
    publicBaseUrl: 'https://cdn.example.com',
    siteUrls: 'https://example.com',
    storageClass: 'STANDARD_IA',
    serverSideEncryption: 'aws:kms',
    kmsKeyId: 'key',
    acl: 'private',
    concurrency: '4',
  };
  expect(draftOf(toChanges(draft, nothing))).toEqual(draft);
});
