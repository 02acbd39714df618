import { parseSettings } from '../../../server/src/config/settingsSchema';

test.each([
  [{ bucketName: 'Bad_Name' }, { code: 'BUCKET_NAME_UPPER_CASE', values: {} }],
  [{ bucketName: 's3://my-bucket' }, { code: 'BUCKET_NAME_ADDRESS_OF', values: { name: 'my-bucket' } }],
  [{ awsRegion: 'us-west-2a' }, { code: 'REGION_ZONE', values: { name: 'us-west-2' } }],
  [{ awsRegion: 'oregon' }, { code: 'REGION_AWS', values: {} }],
  [{ endpoint: 'x'.repeat(3_000) }, { code: 'TOO_LONG', values: { max: '2048' } }],
  [{ include: [] }, { code: 'NO_PATTERN', values: {} }],
  [{ exclude: Array.from({ length: 101 }, () => 'a') }, { code: 'TOO_MANY', values: { max: '100' } }],
  [{ exclude: ['a*b*c*d*e'] }, { code: 'PATTERN_STARS', values: { max: '4', maxInName: '3' } }],
  [{ syncOn: { excludedContentTypes: [''] } }, { code: 'EMPTY', values: {} }],
  [{ syncOn: { coalesceSeconds: 'soon' } }, { code: 'SECONDS', values: { min: '0.1', max: '300' } }],
  [{ scanEvery: 1 }, { code: 'SECONDS_OR_OFF', values: { min: '10', max: '86400' } }],
  [{ trashDays: 'a week' }, { code: 'WHOLE_NUMBER', values: { min: '0', max: '3650' } }],
  [{ reconcileCron: 'nightly' }, { code: 'CRON', values: {} }],
  [{ storageClass: 'cold' }, { code: 'STORAGE_CLASS', values: {} }],
  [{ kmsKeyId: 'key' }, { code: 'KMS_KEY_UNUSED', values: {} }],
])('the refusal of %j has a code, and what its text names', (input, reason) => {
  const parsed = parseSettings(input);
  expect('errors' in parsed && parsed.errors).toMatchObject([reason]);
});

test('what only a program can send has a text and no code', () => {
  const parsed = parseSettings({ include: 'uploads/**' });
  expect(parsed).toEqual({ errors: [{ path: ['include'], message: 'Must be a list.' }] });
});
