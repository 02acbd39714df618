import config from '../../../server/src/config';

/** What the validator says, or `''` where the config is taken. */
function complaint(given: unknown): string {
  try {
    config.validator(given);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error';
  }
}

describe('the validator of config/plugins', () => {
  test('has no defaults, since a value that is present is locked', () => {
    expect(config.default).toEqual({});
  });

  test('takes an empty config, and values that unset variables leave', () => {
    expect(complaint({})).toBe('');
    expect(complaint({ bucketName: '', endpoint: undefined, accessKeyId: undefined, secretAccessKey: '' })).toBe('');
  });

  test('takes settings and credentials', () => {
    expect(complaint({ bucketName: 'my-bucket', accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'ST' })).toBe(
      '',
    );
  });

  test('names every bad value', () => {
    const text = complaint({ mode: 'MUTLI', bukketName: 'x', maxDelete: { percent: 200 } });
    expect(text).toContain('- mode: Did you mean MULTI?');
    expect(text).toContain('- bukketName: There is no such setting. Did you mean bucketName?');
    expect(text).toContain('- maxDelete.percent: Must be a whole number from 0 to 100.');
  });

  test('refuses half a pair of credentials and never repeats a secret', () => {
    expect(complaint({ accessKeyId: 'AKIATOPSECRET' })).toContain('- secretAccessKey: Is missing beside accessKeyId.');
    const other = complaint({
      secretAccessKey: 'topsecret',
      sessionToken: 'alsosecret',
      endpoint: 'https://u:pw@x.org',
    });
    expect(other).toContain('- accessKeyId: Is missing beside secretAccessKey.');
    expect(other).not.toMatch(/topsecret|alsosecret|u:pw/);
    expect(complaint({ accessKeyId: 7, secretAccessKey: { value: 'topsecret' } })).not.toContain('topsecret');
  });
});
