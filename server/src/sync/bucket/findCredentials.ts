import { S3Client } from '@aws-sdk/client-s3';

/** Where the AWS default chain found credentials. */
export type ChainSource = 'environment' | 'profile' | 'role' | 'none';

/**
 * Asks the AWS default chain where its credentials come from. The SDK marks them with the provider that gave them
 * (`CREDENTIALS_ENV_VARS`, `CREDENTIALS_PROFILE…`, `CREDENTIALS_IMDS`, …), which it sends as part of its user agent.
 *
 * May take a second or two where it asks a metadata service that does not answer. Gives nothing of the keys away.
 */
export async function findCredentials(): Promise<ChainSource> {
  const client = new S3Client({ region: 'us-east-1' });
  try {
    const found = await client.config.credentials();
    const providers = '$source' in found && typeof found.$source === 'object' ? Object.keys(found.$source ?? {}) : [];
    if (providers.includes('CREDENTIALS_ENV_VARS')) return 'environment';
    if (providers.some((name) => /^CREDENTIALS_(PROFILE|PROCESS|SSO|LOGIN)/.test(name))) return 'profile';
    return 'role';
  } catch {
    // Whatever the chain says, no request can be signed; a request says why in its own error.
    return 'none';
  } finally {
    client.destroy();
  }
}
