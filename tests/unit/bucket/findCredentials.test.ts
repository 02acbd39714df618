import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findCredentials } from '../../../server/src/sync/bucket/findCredentials';

const NAMES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_PROFILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_EC2_METADATA_DISABLED',
] as const;

describe('findCredentials', () => {
  const before = new Map(NAMES.map((name) => [name, process.env[name]]));
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 's3-sync-credentials-'));
    for (const name of NAMES) Reflect.deleteProperty(process.env, name);
    process.env.AWS_SHARED_CREDENTIALS_FILE = path.join(folder, 'credentials');
    process.env.AWS_CONFIG_FILE = path.join(folder, 'config');
    process.env.AWS_EC2_METADATA_DISABLED = 'true';
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  test('finds variables of the environment', async () => {
    process.env.AWS_ACCESS_KEY_ID = 'a';
    process.env.AWS_SECRET_ACCESS_KEY = 'b';
    expect(await findCredentials()).toBe('environment');
  });

  test('finds a profile', async () => {
    writeFileSync(path.join(folder, 'credentials'), '[default]\naws_access_key_id = a\naws_secret_access_key = b\n');
    expect(await findCredentials()).toBe('profile');
  });

  test('finds that there are none', async () => {
    expect(await findCredentials()).toBe('none');
  });
});
