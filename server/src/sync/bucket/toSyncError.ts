import { SyncError, type SyncErrorCode } from '../SyncError';
import { readStoreError, type StoreError } from './readStoreError';

/** What was being done when an error came. */
export interface StoreErrorContext {
  bucketName: string;
  /** Region from the settings. */
  awsRegion: string;
  /** Endpoint URL from the settings; absent for AWS. */
  endpoint?: string;
  /** The permission the request needs, as policies name it: `s3:PutObject`. */
  action: string;
  /** Key without the prefix, if the request was about one object. */
  key?: string;
  /** The request carried `If-Match` or `If-None-Match`. */
  conditional?: boolean;
  /** Region of the bucket, where another request told it. */
  knownRegion?: string;
}

interface Explanation {
  code: SyncErrorCode;
  message: string;
  fix: string;
  region?: string;
}

const CONNECTION_BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
const UNREACHABLE = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH']);
const BAD_CERTIFICATE = /^(CERT_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;
const NOT_TLS = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
const WRONG_REGION_NAMES = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'IllegalLocationConstraint',
]);
const DAMAGED_NAMES = new Set([
  'BadDigest',
  'InvalidDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
]);
const EXPIRED_NAMES = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
const REJECTED_NAMES = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'InvalidSecurity']);
const BUSY_NAMES = new Set(['SlowDown', 'Throttling', 'ServiceUnavailable', 'RequestTimeout', 'OperationAborted']);

/**
 * Puts whatever a request threw into plain words.
 *
 * Only names, statuses and network codes are looked at: messages differ by store, and may hold what was signed.
 * The cause that is kept holds these too and nothing else, so that no key or signature reaches a log.
 */
export function toSyncError(error: unknown, context: StoreErrorContext): SyncError {
  if (error instanceof SyncError) return error;
  const facts = readStoreError(error);
  const { code, message, fix, region } = explain(facts, context);
  const answered = facts.httpStatus !== undefined;
  return new SyncError(code, {
    message,
    fix,
    key: context.key,
    s3Code: answered && facts.name !== 'UnknownError' ? facts.name : undefined,
    httpStatus: facts.httpStatus,
    region,
    cause: new Error([facts.name, facts.networkCode, facts.httpStatus].filter((part) => part !== undefined).join(' ')),
  });
}

function explain(facts: StoreError, context: StoreErrorContext): Explanation {
  return (
    explainCancel(facts) ??
    explainConnection(facts, context) ??
    explainCredentials(facts, context) ??
    explainRegion(facts, context) ??
    explainObject(facts, context) ??
    explainStore(facts, context)
  );
}

function explainCancel({ name }: StoreError): Explanation | undefined {
  return name === 'AbortError' ? { code: 'CANCELLED', message: 'The run was cancelled.', fix: '' } : undefined;
}

function explainConnection({ name, networkCode }: StoreError, context: StoreErrorContext): Explanation | undefined {
  const host = hostOf(context);
  const checkEndpoint = context.endpoint === undefined ? 'Check the network' : 'Check the endpoint and the network';
  if (networkCode !== undefined && UNREACHABLE.has(networkCode)) {
    return {
      code: 'STORE_UNREACHABLE',
      message: `The store at ${host} cannot be reached (${networkCode}).`,
      fix: `${checkEndpoint} of this server.`,
    };
  }
  if (networkCode !== undefined && BAD_CERTIFICATE.test(networkCode)) {
    return {
      code: 'STORE_UNREACHABLE',
      message: `The certificate of ${host} is not trusted (${networkCode}).`,
      fix: 'Give the store a valid certificate, or name its authority in NODE_EXTRA_CA_CERTS.',
    };
  }
  if (networkCode !== undefined && NOT_TLS.has(networkCode)) {
    return {
      code: 'STORE_UNREACHABLE',
      message: `${host} does not speak HTTPS on this port (${networkCode}).`,
      fix: 'Check whether the endpoint should begin with http:// or have another port.',
    };
  }
  if (networkCode !== undefined && CONNECTION_BROKEN.has(networkCode)) {
    return {
      code: 'STORE_UNREACHABLE',
      message: `The connection to ${host} broke (${networkCode}).`,
      fix: 'Run the sync again. If it happens often, check the network and proxies between this server and the store.',
    };
  }
  if (name === 'TimeoutError' || networkCode === 'ETIMEDOUT') {
    return {
      code: 'STORE_TIMEOUT',
      message: `The store at ${host} did not answer in time.`,
      fix: `${checkEndpoint} of this server, and whether the store is overloaded.`,
    };
  }
  return undefined;
}

function explainCredentials(
  { name, httpStatus, clockCorrected }: StoreError,
  { action, bucketName }: StoreErrorContext,
): Explanation | undefined {
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') {
    return {
      code: 'NO_CREDENTIALS',
      message: 'No AWS credentials were found.',
      fix:
        'Set accessKeyId and secretAccessKey of s3-sync in config/plugins, or AWS_ACCESS_KEY_ID and ' +
        'AWS_SECRET_ACCESS_KEY in the environment, or give the server a role.',
    };
  }
  if (EXPIRED_NAMES.has(name)) {
    return {
      code: 'CREDENTIALS_EXPIRED',
      message: 'The credentials have expired.',
      fix: 'Put fresh credentials where the old ones came from, and restart Strapi if they are in config/plugins.',
    };
  }
  if (name === 'RequestTimeTooSkewed' || name === 'RequestExpired' || (clockCorrected && httpStatus === 403)) {
    return {
      code: 'CLOCK_SKEW',
      message: "The clocks of this server and of the store differ by more than the store's limit of 15 minutes.",
      fix: 'Set the clock of this server, best by NTP.',
    };
  }
  if (REJECTED_NAMES.has(name)) {
    return {
      code: 'CREDENTIALS_REJECTED',
      message:
        name === 'InvalidAccessKeyId'
          ? 'The store does not know this access key id.'
          : `The store did not accept the credentials (${name}).`,
      fix: `Check the access key id and the secret access key, and that they are meant for the store of ${bucketName}.`,
    };
  }
  if (name === 'AllAccessDisabled' || name === 'AccountProblem') {
    return {
      code: 'ACCESS_DENIED',
      message: `The store has closed this account (${name}) and refused ${action}.`,
      fix: "Ask the store's support about the account.",
    };
  }
  return undefined;
}

function explainRegion(facts: StoreError, context: StoreErrorContext): Explanation | undefined {
  const { name, httpStatus, location } = facts;
  const region = facts.region ?? context.knownRegion;
  const elsewhere = region !== undefined && region !== context.awsRegion;
  const refused = httpStatus === 301 || httpStatus === 307 || httpStatus === 400;
  if (WRONG_REGION_NAMES.has(name) || (elsewhere && refused))
    return wrongRegion(context, elsewhere ? region : undefined);
  if (httpStatus !== undefined && httpStatus >= 300 && httpStatus < 400 && httpStatus !== 304) {
    return {
      code: 'STORE_ERROR',
      message: `${hostOf(context)} answered with a redirect${location === undefined ? '' : ` to ${location}`}.`,
      fix: 'Set the endpoint to the address of the store itself, with the right http:// or https://.',
    };
  }
  return undefined;
}

/** @param region where the bucket really is, if the store told it. */
function wrongRegion({ bucketName, awsRegion }: StoreErrorContext, region: string | undefined): Explanation {
  if (region === undefined) {
    return {
      code: 'WRONG_REGION',
      message: `The bucket ${bucketName} is not in the region ${awsRegion}.`,
      fix: 'Set the region to the one in which the bucket was made.',
    };
  }
  return {
    code: 'WRONG_REGION',
    message: `The bucket ${bucketName} is in the region ${region}, not in ${awsRegion}.`,
    fix: `Set the region to ${region}.`,
    region,
  };
}

function explainObject(facts: StoreError, context: StoreErrorContext): Explanation | undefined {
  const { name, httpStatus } = facts;
  const { key, action, bucketName } = context;
  const about = key === undefined ? '' : ` for ${key}`;
  if (name === 'NoSuchBucket' || (httpStatus === 404 && key === undefined)) {
    return {
      code: 'BUCKET_NOT_FOUND',
      message: `The bucket ${bucketName} does not exist at ${hostOf(context)}.`,
      fix: 'Check the name of the bucket, or make it.',
    };
  }
  const lostRace = httpStatus === 412 || name === 'ConditionalRequestConflict' || name === 'PreconditionFailed';
  if (lostRace || (context.conditional === true && httpStatus === 404)) {
    return {
      code: 'PRECONDITION_FAILED',
      message: `Someone else changed ${key ?? 'the object'} in the bucket at the same time.`,
      fix: 'Nothing needs to be done: the next sync looks at it again.',
    };
  }
  if (name === 'NoSuchUpload') {
    return {
      code: 'PRECONDITION_FAILED',
      message: `Someone else ended the upload of ${key ?? 'the object'} before it was complete.`,
      fix: 'Nothing needs to be done: it is uploaded again.',
    };
  }
  if (name === 'AccessDenied' || httpStatus === 403 || httpStatus === 401) {
    return {
      code: 'ACCESS_DENIED',
      message: `The store refused ${action}${about} in the bucket ${bucketName}.`,
      fix: `Allow ${action} on this bucket in the policy of these credentials.`,
    };
  }
  if (name === 'NoSuchKey' || name === 'NotFound') {
    return { code: 'OBJECT_NOT_FOUND', message: `${key ?? 'The object'} is not in the bucket.`, fix: '' };
  }
  if (DAMAGED_NAMES.has(name)) {
    return {
      code: 'INTEGRITY',
      message: `The bytes${about} arrived damaged at the store (${name}), which did not take them.`,
      fix: 'Run the sync again. If it happens again, check the network and the memory of this server.',
    };
  }
  if (name === 'KeyTooLongError') {
    return {
      code: 'STORE_ERROR',
      message: `The path ${key ?? ''} is too long for the store, which takes 1,024 bytes with the prefix.`,
      fix: 'Give the file a shorter name.',
    };
  }
  return undefined;
}

function explainStore({ name, httpStatus }: StoreError, context: StoreErrorContext): Explanation {
  const about = context.key === undefined ? '' : ` for ${context.key}`;
  if (httpStatus === undefined) {
    return {
      code: 'INTERNAL',
      message: `${context.action}${about} failed in this server (${name}).`,
      fix: 'Look at the log of the server and report it.',
    };
  }
  if (httpStatus === 503 || httpStatus === 429 || BUSY_NAMES.has(name)) {
    return {
      code: 'STORE_BUSY',
      message: `The store was too busy for ${context.action}${about} and stayed so after several tries (${httpStatus} ${name}).`,
      fix: 'Run the sync again later, or lower the concurrency.',
    };
  }
  if (httpStatus === 501) {
    return {
      code: 'STORE_ERROR',
      message: `The store does not support what ${context.action}${about} asked for (${httpStatus} ${name}).`,
      fix: 'Check the settings for object headers, or use another store.',
    };
  }
  if (httpStatus < 300) {
    return {
      code: 'STORE_ERROR',
      message: `The answer of ${hostOf(context)} to ${context.action}${about} cannot be read.`,
      fix: 'Check that the endpoint is an S3 store.',
    };
  }
  return {
    code: 'STORE_ERROR',
    message: `The store answered ${context.action}${about} with an error (${httpStatus} ${name}).`,
    fix:
      httpStatus >= 500
        ? 'Run the sync again later. If it stays, ask the operator of the store.'
        : 'Check the settings of the bucket and its object headers.',
  };
}

/** @returns host and port of the store, without user, path or query. */
function hostOf({ endpoint, awsRegion }: StoreErrorContext): string {
  if (endpoint === undefined || endpoint === '') return `AWS S3 (${awsRegion})`;
  return URL.canParse(endpoint) ? new URL(endpoint).host : 'the endpoint';
}
