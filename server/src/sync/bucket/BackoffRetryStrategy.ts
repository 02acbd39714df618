import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { readStoreError, type StoreError } from './readStoreError';

type RetryStrategy = Extract<S3ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;
type RetryErrorInfo = Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1];

/** Milliseconds; the delay before the n-th retry is random between 0 and `BASE_DELAY_MS * 2^(n-1)`. */
const BASE_DELAY_MS = 100;
/** Milliseconds; no single wait is longer, whatever the store asks for. */
const MAX_DELAY_MS = 20_000;
/** A hanging store costs a whole idle time per attempt, so fewer of these are made. */
const MAX_TIMEOUTS = 3;

/** A store that says it is busy is there and asks for patience: in a storm of 50 % refusals, 8 attempts lose 1 in 256. */
const BUSY_ATTEMPTS_FACTOR = 3;

const BUSY_STATUSES = new Set([429, 503]);
const BUSY_NAMES = new Set(['SlowDown', 'Throttling']);
const PASSING_STATUSES = new Set([429, 500, 502, 503, 504]);
/** Codes that S3 sends with a 4xx status and that pass all the same. */
const PASSING_NAMES = new Set([...BUSY_NAMES, 'RequestTimeout', 'RequestTimeoutException', 'OperationAborted']);
const PASSING_NETWORK_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** What has happened to one request so far. */
class Attempts implements RetryToken {
  constructor(
    readonly retries: number,
    readonly timeouts: number,
    readonly clockCorrections: number,
    private readonly delayMs: number,
  ) {}

  getRetryCount(): number {
    return this.retries;
  }

  getRetryDelay(): number {
    return this.delayMs;
  }
}

/**
 * Retries what passes by itself, with exponential backoff and full jitter.
 *
 * The SDK's own strategies share a quota of retries between all requests of a client, so that a storm of 503s ends
 * whole syncs; here each request has its own attempts. Other 4xx answers are final.
 *
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export class BackoffRetryStrategy implements RetryStrategy {
  /**
   * @param maxAttempts attempts for one request, the first included; three times as many while the store says it is busy.
   * @param random a number from 0 up to 1; given by tests.
   */
  constructor(
    private readonly maxAttempts: number,
    private readonly random: () => number = Math.random,
  ) {}

  async acquireInitialRetryToken(): Promise<RetryToken> {
    return new Attempts(0, 0, 0, 0);
  }

  /** @throws the reason for giving up; the SDK then throws the store's own error. */
  async refreshRetryTokenForRetry(token: RetryToken, info: RetryErrorInfo): Promise<RetryToken> {
    const before = token instanceof Attempts ? token : new Attempts(token.getRetryCount(), 0, 0, 0);
    const error = readStoreError(info.error);
    const retries = before.retries + 1;
    const timeouts = before.timeouts + (isTimeout(error) ? 1 : 0);
    const clockCorrections = before.clockCorrections + (error.clockCorrected ? 1 : 0);

    // One retry is enough to see whether the corrected clock is right.
    const clockMayBeRight = error.clockCorrected && clockCorrections === 1;
    if (!clockMayBeRight && !isPassing(error)) throw new Error('The error is final.');
    const attempts = isBusy(error) ? this.maxAttempts * BUSY_ATTEMPTS_FACTOR : this.maxAttempts;
    if (retries >= attempts) throw new Error('All attempts are used up.');
    if (timeouts >= MAX_TIMEOUTS) throw new Error('The store timed out too often.');
    return new Attempts(retries, timeouts, clockCorrections, this.delay(before.retries, info.retryAfterHint));
  }

  recordSuccess(): void {
    // There is no quota to give back to.
  }

  /** @returns milliseconds to wait before the next attempt. */
  private delay(retriesBefore: number, retryAfter: Date | undefined): number {
    const backoff = this.random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** retriesBefore);
    const asked = retryAfter === undefined ? 0 : retryAfter.getTime() - Date.now();
    return Math.min(MAX_DELAY_MS, Math.max(backoff, asked));
  }
}

function isTimeout(error: StoreError): boolean {
  return error.name === 'TimeoutError' && (error.networkCode === undefined || error.networkCode === 'ETIMEDOUT');
}

function isBusy({ name, httpStatus }: StoreError): boolean {
  return BUSY_NAMES.has(name) || (httpStatus !== undefined && BUSY_STATUSES.has(httpStatus));
}

function isPassing(error: StoreError): boolean {
  if (error.name === 'AbortError') return false;
  if (PASSING_NAMES.has(error.name) || isTimeout(error)) return true;
  if (error.networkCode !== undefined && PASSING_NETWORK_CODES.has(error.networkCode)) return true;
  if (error.httpStatus === undefined) return false;
  // An error with a 2xx status is an answer that was cut or cannot be read.
  return PASSING_STATUSES.has(error.httpStatus) || (error.httpStatus >= 200 && error.httpStatus < 300);
}
