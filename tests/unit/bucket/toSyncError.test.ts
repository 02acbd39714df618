import { SyncError } from '../../../server/src/sync/SyncError';
import { toSyncError, type StoreErrorContext } from '../../../server/src/sync/bucket/toSyncError';

const context: StoreErrorContext = {
  bucketName: 'media',
  awsRegion: 'us-east-1',
  endpoint: 'https://user:endpoint-password@s3.example:9000/path?token=endpoint-token',
  action: 's3:PutObject',
  key: 'uploads/a.png',
};
const secret = 'AKIDEXAMPLE';

function explain(facts: object, more: Partial<StoreErrorContext> = {}): SyncError {
  const thrown = Object.assign(new Error(`message with ${secret}`), {
    AWSAccessKeyId: secret,
    StringToSign: `AWS4-HMAC-SHA256 ${secret}`,
    $response: { headers: { authorization: secret } },
    ...facts,
  });
  return toSyncError(thrown, { ...context, ...more });
}

function answered(name: string, httpStatusCode: number, headers: object = {}): object {
  return { name, $metadata: { httpStatusCode }, $response: { headers } };
}

describe('toSyncError', () => {
  test.each([
    ['NoSuchBucket', 404, 'BUCKET_NOT_FOUND', 'media'],
    ['NoSuchKey', 404, 'OBJECT_NOT_FOUND', 'uploads/a.png'],
    ['NotFound', 404, 'OBJECT_NOT_FOUND', 'uploads/a.png'],
    ['NoSuchUpload', 404, 'PRECONDITION_FAILED', 'ended the upload'],
    ['AccessDenied', 403, 'ACCESS_DENIED', 's3:PutObject for uploads/a.png'],
    ['Unknown', 403, 'ACCESS_DENIED', 's3:PutObject for uploads/a.png'],
    ['InvalidAccessKeyId', 403, 'CREDENTIALS_REJECTED', 'does not know this access key id'],
    ['SignatureDoesNotMatch', 403, 'CREDENTIALS_REJECTED', 'SignatureDoesNotMatch'],
    ['ExpiredToken', 400, 'CREDENTIALS_EXPIRED', 'expired'],
    ['RequestTimeTooSkewed', 403, 'CLOCK_SKEW', 'clocks'],
    ['PermanentRedirect', 301, 'WRONG_REGION', 'us-east-1'],
    ['AuthorizationHeaderMalformed', 400, 'WRONG_REGION', 'us-east-1'],
    ['IllegalLocationConstraintException', 400, 'WRONG_REGION', 'us-east-1'],
    ['PreconditionFailed', 412, 'PRECONDITION_FAILED', 'at the same time'],
    ['ConditionalRequestConflict', 409, 'PRECONDITION_FAILED', 'at the same time'],
    ['BadDigest', 400, 'INTEGRITY', 'damaged'],
    ['SlowDown', 503, 'STORE_BUSY', 'too busy'],
    ['InternalError', 500, 'STORE_ERROR', '500 InternalError'],
    ['NotImplemented', 501, 'STORE_ERROR', 'does not support'],
    ['KeyTooLongError', 400, 'STORE_ERROR', 'too long'],
    ['InvalidStorageClass', 400, 'STORE_ERROR', 'InvalidStorageClass'],
    ['SyntaxError', 200, 'STORE_ERROR', 'cannot be read'],
  ])('%s %i is %s and says "%s"', (name, status, code, words) => {
    const error = explain(answered(name, status));
    expect(error).toMatchObject({ code, s3Code: name, httpStatus: status, key: 'uploads/a.png' });
    expect(error.message).toContain(words);
  });

  test.each([
    [{ code: 'ENOTFOUND' }, 'STORE_UNREACHABLE', 's3.example:9000'],
    [{ name: 'TimeoutError', code: 'ECONNRESET' }, 'STORE_UNREACHABLE', 'broke'],
    [{ name: 'TimeoutError' }, 'STORE_TIMEOUT', 's3.example:9000'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'STORE_UNREACHABLE', 'certificate'],
    [{ code: 'EPROTO' }, 'STORE_UNREACHABLE', 'HTTPS'],
    [{ name: 'CredentialsProviderError' }, 'NO_CREDENTIALS', 'No AWS credentials'],
    [{ name: 'AbortError' }, 'CANCELLED', 'cancelled'],
    [{ name: 'RangeError' }, 'INTERNAL', 'RangeError'],
  ])('%j is %s and says "%s"', (facts, code, words) => {
    const error = explain(facts);
    expect(error).toMatchObject({ code, s3Code: undefined, httpStatus: undefined });
    expect(error.message).toContain(words);
  });

  test('the right region is told where the store named it, by header or by body', () => {
    const header = explain(answered('PermanentRedirect', 301, { 'x-amz-bucket-region': 'eu-west-1' }));
    const body = explain({ ...answered('AuthorizationHeaderMalformed', 400), Region: 'eu-west-1' });
    const bare = explain(answered('Unknown', 400, { 'x-amz-bucket-region': 'eu-west-1' }));
    for (const error of [header, body, bare]) {
      expect(error).toMatchObject({ code: 'WRONG_REGION', region: 'eu-west-1', fix: 'Set the region to eu-west-1.' });
    }
  });

  test('a 403 that names a region is a refusal all the same', () => {
    const error = explain(answered('AccessDenied', 403, { 'x-amz-bucket-region': 'eu-west-1' }));
    expect(error.code).toBe('ACCESS_DENIED');
  });

  test('a 404 without a key is the bucket, and with a condition a lost race', () => {
    expect(explain(answered('NotFound', 404), { key: undefined }).code).toBe('BUCKET_NOT_FOUND');
    expect(explain(answered('NoSuchKey', 404), { conditional: true }).code).toBe('PRECONDITION_FAILED');
  });

  test('a SyncError passes through', () => {
    const error = new SyncError('LOCAL_CHANGED', { message: 'm', fix: 'f' });
    expect(toSyncError(error, context)).toBe(error);
  });

  test('no text of any error holds what was signed, or the user and query of the endpoint', () => {
    const all = [
      explain(answered('SignatureDoesNotMatch', 403)),
      explain(answered('InvalidAccessKeyId', 403)),
      explain(answered('Whatever', 400)),
      explain({ code: 'ENOTFOUND' }),
      explain({ name: 'RangeError' }),
    ];
    for (const error of all) {
      const cause = error.cause instanceof Error ? [error.cause.message, error.cause.stack] : [error.cause];
      const texts = JSON.stringify([error, error.message, error.fix, error.stack, cause]);
      expect(texts).not.toMatch(/AKIDEXAMPLE|AWS4-HMAC|endpoint-password|endpoint-token/);
    }
  });
});
