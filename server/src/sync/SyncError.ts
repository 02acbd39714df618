/** Every way in which a sync, or one file of it, can fail. */
export type SyncErrorCode =
  | 'SETTINGS_INVALID'
  | 'PROVIDER_NOT_LOCAL'
  | 'NO_CREDENTIALS'
  | 'CREDENTIALS_REJECTED'
  | 'CREDENTIALS_EXPIRED'
  | 'CLOCK_SKEW'
  | 'ACCESS_DENIED'
  | 'BUCKET_NOT_FOUND'
  | 'WRONG_REGION'
  | 'STORE_UNREACHABLE'
  | 'STORE_TIMEOUT'
  | 'STORE_BUSY'
  | 'STORE_ERROR'
  | 'OBJECT_NOT_FOUND'
  | 'PRECONDITION_FAILED'
  | 'INTEGRITY'
  | 'LISTING_INCOMPLETE'
  | 'LISTING_OUT_OF_ORDER'
  | 'DIRECTORY_MISSING'
  | 'LOCAL_UNREADABLE'
  | 'LOCAL_UNWRITABLE'
  | 'LOCAL_CHANGED'
  | 'UNSAFE_KEY'
  | 'SYMLINK'
  | 'BASE_DAMAGED'
  | 'BASE_LOCKED'
  | 'OWNED_BY_ANOTHER_SITE'
  | 'WITHHELD'
  | 'PLAN_OUTDATED'
  | 'CONFLICT'
  | 'CANCELLED'
  | 'INTERNAL';

/** What a person needs to act on an error. Never holds a secret. */
export interface SyncErrorDetails {
  /** What happened, in one or two plain sentences. */
  message: string;
  /** What to do about it, in a sentence; empty where nothing needs to be done. */
  fix: string;
  /** The key (path below the synced directory) the error is about, if it is about one. */
  key?: string;
  /** The store's own error code (`AccessDenied`, `NoSuchBucket`, …), if the store answered. */
  s3Code?: string;
  /** The HTTP status of the store's answer, if it answered. */
  httpStatus?: number;
  /** On `WRONG_REGION`: the region the bucket is really in, where the store told it. */
  region?: string;
  cause?: unknown;
}

/** The one error type of the engine: a code for programs, a cause and a fix in words for people. */
export class SyncError extends Error {
  readonly code: SyncErrorCode;
  readonly fix: string;
  readonly key?: string;
  readonly s3Code?: string;
  readonly httpStatus?: number;
  readonly region?: string;

  constructor(code: SyncErrorCode, details: SyncErrorDetails) {
    super(details.message, { cause: details.cause });
    this.name = 'SyncError';
    this.code = code;
    this.fix = details.fix;
    this.key = details.key;
    this.s3Code = details.s3Code;
    this.httpStatus = details.httpStatus;
    this.region = details.region;
  }
}
