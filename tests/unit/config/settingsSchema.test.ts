import {
  DEFAULT_EXCLUDE,
  DEFAULT_INCLUDE,
  parseSettings,
  settingNames,
} from '../../../server/src/config/settingsSchema';
import { createKeyFilter } from '../../../server/src/sync/KeyFilter';

/** The message for a setting, or `undefined` where the input is taken. */
function messageFor(input: Record<string, unknown>): string | undefined {
  const parsed = parseSettings(input);
  if ('settings' in parsed) return undefined;
  return parsed.errors.map(({ path, message }) => `${path.join('.')}: ${message}`).join(' | ');
}

describe('the settings schema', () => {
  test('fills in every default', () => {
    expect(parseSettings({})).toEqual({
      settings: {
        prefix: '',
        include: ['uploads/**'],
        exclude: DEFAULT_EXCLUDE,
        syncOn: { enabled: true, excludedContentTypes: [], coalesceSeconds: 2 },
        scanEvery: 60,
        maxDelete: { files: 10, percent: 25, absolute: 1000 },
        siteUrls: [],
        trashDays: 7,
        concurrency: 16,
      },
    });
  });

  test('knows every setting of the design', () => {
    expect(settingNames).toEqual([
      'bucketName',
      'awsRegion',
      'mode',
      'prefix',
      'endpoint',
      'forcePathStyle',
      'directory',
      'include',
      'exclude',
      'stateDirectory',
      'syncOn',
      'scanEvery',
      'reconcileCron',
      'maxDelete',
      'cacheControl',
      'storageClass',
      'serverSideEncryption',
      'kmsKeyId',
      'acl',
      'publicBaseUrl',
      'siteUrls',
      'readThrough',
      'trashDays',
      'concurrency',
    ]);
  });

  test.each([
    [{ bucketName: 'my-bucket.backup-1' }],
    [{ bucketName: 'abc' }],
    [{ bucketName: 'a'.repeat(63) }],
    [{ awsRegion: 'us-west-2' }],
    [{ awsRegion: 'ap-southeast-2' }],
    [{ awsRegion: 'us-gov-west-1' }],
    [{ awsRegion: 'garage', endpoint: 'https://s3.example.com' }],
    [{ mode: 'SINGLE' }],
    [{ mode: 'MULTI' }],
    [{ endpoint: 'http://127.0.0.1:9000' }],
    [{ include: ['**'] }],
    [{ include: ['uploads/**', 'favicon.{ico,png}', '*.txt'], exclude: [] }],
    [{ reconcileCron: '*/10 * * * *' }],
    [{ scanEvery: 0 }],
    [{ serverSideEncryption: 'aws:kms', kmsKeyId: 'alias/my-key' }],
    [{ cacheControl: 'public, max-age=31536000, immutable' }],
    [{ acl: 'public-read' }],
    [{ publicBaseUrl: 'https://cdn.example.com/media', siteUrls: ['https://example.com'] }],
  ])('takes %j', (input) => {
    expect(messageFor(input)).toBeUndefined();
  });

  test.each([
    [{ bucketName: 'ab' }, 'bucketName: A bucket name has 3 to 63 characters.'],
    [{ bucketName: 'a'.repeat(64) }, 'bucketName: A bucket name has 3 to 63 characters.'],
    [{ bucketName: 'My-Bucket' }, 'bucketName: A bucket name has no upper case letters.'],
    [{ bucketName: 'my_bucket' }, 'bucketName: A bucket name has only lower case letters, digits, dots and hyphens.'],
    [{ bucketName: '-bucket' }, 'bucketName: A bucket name begins and ends with a letter or a digit.'],
    [{ bucketName: 'my..bucket' }, 'bucketName: A bucket name has no two dots in a row.'],
    [{ bucketName: '192.168.5.4' }, 'bucketName: A bucket name cannot look like an IP address.'],
    [{ bucketName: 'xn--bucket' }, 'bucketName: AWS keeps names that begin with "xn--" for itself.'],
    [{ bucketName: 'sthree-bucket' }, 'bucketName: AWS keeps names that begin with "sthree-" for itself.'],
    [{ bucketName: 'bucket-s3alias' }, 'bucketName: AWS keeps names that end with "-s3alias" for itself.'],
    [{ bucketName: 'bucket--ol-s3' }, 'bucketName: AWS keeps names that end with "--ol-s3" for itself.'],
    [{ bucketName: 'bucket--x-s3' }, 'bucketName: AWS keeps names that end with "--x-s3" for itself.'],
    [
      { bucketName: 'arn:aws:s3:::my-bucket/uploads/*' },
      "bucketName: Enter the bucket's name, not its ARN or URL. Did you mean my-bucket?",
    ],
    [
      { bucketName: 's3://my-bucket/uploads' },
      "bucketName: Enter the bucket's name, not its ARN or URL. Did you mean my-bucket?",
    ],
    [
      { bucketName: 'https://my-bucket.s3.eu-west-1.amazonaws.com/' },
      "bucketName: Enter the bucket's name, not its ARN or URL. Did you mean my-bucket?",
    ],
    [
      { bucketName: 'https://s3.eu-west-1.amazonaws.com/my-bucket' },
      "bucketName: Enter the bucket's name, not its ARN or URL. Did you mean my-bucket?",
    ],
    [{ bucketName: 42 }, 'bucketName: Must be text.'],
    [{ awsRegion: 'us-west-2a' }, 'awsRegion: This is an availability zone. Did you mean us-west-2?'],
    [
      { awsRegion: 'US_WEST_2' },
      'awsRegion: A region has only lower case letters, digits and hyphens, such as us-west-2. Did you mean us-west-2?',
    ],
    [{ awsRegion: 'oregon' }, 'awsRegion: An AWS region is written like us-west-2.'],
    [{ mode: 'single' }, 'mode: Did you mean SINGLE?'],
    [{ mode: 'MUTLI' }, 'mode: Did you mean MULTI?'],
    [{ mode: 'mirror' }, 'mode: Must be one of SINGLE, MULTI.'],
    [{ mode: true }, 'mode: Must be one of SINGLE, MULTI.'],
    [{ endpoint: 's3.example.com' }, 'endpoint: Enter a full address, such as https://s3.example.com.'],
    [{ endpoint: 'ftp://example.com' }, 'endpoint: The address begins with https:// or http://.'],
    [{ endpoint: 'https://u:p@example.com' }, 'endpoint: The address cannot hold a user name or a password.'],
    [{ endpoint: 'https://example.com/?a=b' }, 'endpoint: The address cannot hold "?" or "#".'],
    [{ forcePathStyle: 'yes' }, 'forcePathStyle: Must be true or false.'],
    [{ prefix: '/site' }, 'prefix: A prefix cannot begin with "/".'],
    [{ prefix: 'site/../other' }, 'prefix: A prefix cannot hold the folder names "." or "..".'],
    [{ prefix: 'site//media' }, 'prefix: A prefix cannot hold two slashes in a row.'],
    [{ prefix: 'é'.repeat(256) }, 'prefix: A prefix has at most 512 bytes.'],
    [{ prefix: 'a/.s3-sync/b' }, 'prefix: The folder .s3-sync belongs to the plugin.'],
    [{ include: [] }, 'include: Must name at least one pattern.'],
    [{ include: 'uploads/**' }, 'include: Must be a list.'],
    [{ include: ['/uploads/**'] }, /^include\.0: A pattern is relative/],
    [{ include: ['C:/uploads/**'] }, /^include\.0: A pattern is relative/],
    [{ include: ['uploads\\**'] }, 'include.0: Write folders with "/", not with a backslash.'],
    [{ include: ['uploads/../**'] }, 'include.0: A pattern cannot hold the folder names "." or "..".'],
    [{ exclude: ['ok', 'a'.repeat(257)] }, 'exclude.1: A pattern has at most 256 characters.'],
    [{ exclude: ['a*b*c*d*e*f*g*h'] }, 'exclude.0: A pattern has at most 4 stars, and 3 in one name.'],
    [{ exclude: ['+(a|+(b|c))d'] }, 'exclude.0: Patterns like "+(…)" are not supported.'],
    [{ exclude: ['uploads/[a'] }, 'exclude.0: A bracket of this pattern is not closed.'],
    [{ exclude: Array.from({ length: 101 }, () => '*.tmp') }, 'exclude: Has at most 100 entries.'],
    [{ reconcileCron: 'every day' }, /^reconcileCron: Enter a cron expression/],
    [{ reconcileCron: '60 * * * *' }, /^reconcileCron: Enter a cron expression/],
    [{ scanEvery: 5 }, /^scanEvery: /],
    [{ scanEvery: '60' }, /^scanEvery: /],
    [{ maxDelete: { percent: 101 } }, 'maxDelete.percent: Must be a whole number from 0 to 100.'],
    [{ maxDelete: { file: 1 } }, 'maxDelete.file: There is no such setting. Did you mean files?'],
    [{ syncOn: true }, 'syncOn: Must be an object.'],
    [{ syncOn: { coalesceSeconds: 0 } }, 'syncOn.coalesceSeconds: Must be a number of seconds from 0.1 to 300.'],
    [{ cacheControl: 'a\r\nx-amz-acl: public-read' }, /^cacheControl: Has only plain ASCII characters/],
    [{ storageClass: 'standard' }, 'storageClass: Is written in upper case, such as STANDARD_IA.'],
    [{ serverSideEncryption: 'aes256' }, 'serverSideEncryption: Did you mean AES256?'],
    [{ kmsKeyId: 'alias/x' }, /^kmsKeyId: A KMS key is only used with/],
    [{ acl: 'public-read-write' }, /^acl: Must be one of private/],
    [{ publicBaseUrl: 'cdn.example.com' }, /^publicBaseUrl: Enter a full address/],
    [{ siteUrls: ['example.com'] }, /^siteUrls\.0: Enter a full address/],
    [{ trashDays: -1 }, 'trashDays: Must be a whole number from 0 to 3650.'],
    [{ concurrency: 1.5 }, 'concurrency: Must be a whole number from 1 to 64.'],
    [{ bucket_name: 'x' }, 'bucket_name: There is no such setting. Did you mean bucketName?'],
    [{ awsRegoin: 'x' }, 'awsRegoin: There is no such setting. Did you mean awsRegion?'],
    [{ colour: 'x' }, 'colour: There is no such setting.'],
  ])('refuses %j', (input, message) => {
    expect(messageFor(input)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  test('reports every bad setting at once', () => {
    const parsed = parseSettings({ bucketName: 'X', mode: 'x', concurrency: 0 });
    expect('errors' in parsed && parsed.errors.map(({ path }) => path[0])).toEqual([
      'bucketName',
      'mode',
      'concurrency',
    ]);
  });

  test.each([null, '', '   '])('takes %j as not set', (blank) => {
    expect(parseSettings({ bucketName: blank, endpoint: blank, include: blank })).toEqual(parseSettings({}));
  });

  test('takes null as "off" for reconcileCron alone', () => {
    expect(parseSettings({ reconcileCron: null })).toMatchObject({ settings: { reconcileCron: null } });
  });

  test('ends a prefix with a slash', () => {
    expect(parseSettings({ prefix: 'site' })).toMatchObject({ settings: { prefix: 'site/' } });
    expect(parseSettings({ prefix: 'site/' })).toMatchObject({ settings: { prefix: 'site/' } });
  });

  test.each([undefined, null, 'text', [], 3])('refuses %j in place of an object', (input) => {
    expect(parseSettings(input)).toHaveProperty('errors');
  });

  test('leaves out dotfiles, system junk and the backups of an import where nothing else is set', () => {
    const filter = createKeyFilter({ include: ['**'], exclude: DEFAULT_EXCLUDE });
    const keys = [
      'uploads/a.jpg',
      'robots.txt',
      '.DS_Store',
      'uploads/.gitkeep',
      'uploads/.cache/a.jpg',
      'uploads/Thumbs.db',
      'Thumbs.db',
      'uploads_backup_1700000000000/a.jpg',
      'a/b/desktop.ini',
    ];
    expect(keys.filter((key) => filter.matches(key))).toEqual(['uploads/a.jpg', 'robots.txt']);
    expect(createKeyFilter({ include: DEFAULT_INCLUDE, exclude: [] }).matches('robots.txt')).toBe(false);
  });
});
