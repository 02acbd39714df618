import { BackoffRetryStrategy } from '../../../server/src/sync/bucket/BackoffRetryStrategy';

type Token = Awaited<ReturnType<BackoffRetryStrategy['acquireInitialRetryToken']>>;

/** Fails the same way until the strategy gives up. @returns the waits in milliseconds. */
async function delaysOf(strategy: BackoffRetryStrategy, facts: object, retryAfterHint?: Date): Promise<number[]> {
  const error = Object.assign(new Error('failed'), { cause: undefined });
  Object.assign(error, facts);
  const delays: number[] = [];
  let token: Token = await strategy.acquireInitialRetryToken();
  for (;;) {
    try {
      token = await strategy.refreshRetryTokenForRetry(token, { error, errorType: 'TRANSIENT', retryAfterHint });
    } catch {
      return delays;
    }
    delays.push(token.getRetryDelay());
    expect(token.getRetryCount()).toBe(delays.length);
  }
}

describe('BackoffRetryStrategy', () => {
  const status = (httpStatusCode: number): object => ({ $metadata: { httpStatusCode } });

  test('waits double from 100 ms up to 20 s', async () => {
    const delays = await delaysOf(new BackoffRetryStrategy(11, () => 1), status(500));
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000]);
  });

  test('the wait is random from 0 to its limit (full jitter)', async () => {
    expect(await delaysOf(new BackoffRetryStrategy(4, () => 0), status(500))).toEqual([0, 0, 0]);
    expect(await delaysOf(new BackoffRetryStrategy(4, () => 0.5), status(500))).toEqual([50, 100, 200]);
  });

  test('Retry-After is honoured, to 20 s at most', async () => {
    const strategy = new BackoffRetryStrategy(2, () => 0);
    const [twoSeconds = 0] = await delaysOf(strategy, status(500), new Date(Date.now() + 2_000));
    expect(twoSeconds).toBeGreaterThan(1_900);
    expect(await delaysOf(strategy, status(500), new Date(Date.now() + 3_600_000))).toEqual([20_000]);
  });

  test.each([500, 502, 504])('%i gets all attempts', async (code) => {
    expect(await delaysOf(new BackoffRetryStrategy(5), status(code))).toHaveLength(4);
  });

  test.each([429, 503])('%i says busy, and gets three times as many', async (code) => {
    expect(await delaysOf(new BackoffRetryStrategy(5), status(code))).toHaveLength(14);
  });

  test.each([400, 401, 403, 404, 409, 411, 412, 416, 501])('%i is final', async (code) => {
    expect(await delaysOf(new BackoffRetryStrategy(5), status(code))).toEqual([]);
  });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'])(
    '%s passes',
    async (code) => {
      expect(await delaysOf(new BackoffRetryStrategy(5), { code })).toHaveLength(4);
      expect(await delaysOf(new BackoffRetryStrategy(5), { name: 'TimeoutError', code })).toHaveLength(4);
      expect(await delaysOf(new BackoffRetryStrategy(5), { cause: { code } })).toHaveLength(4);
      expect(await delaysOf(new BackoffRetryStrategy(5), { errors: [{ code }, { code: 'other' }] })).toHaveLength(4);
    },
  );

  test('timeouts are tried three times in all, however many attempts are left', async () => {
    expect(await delaysOf(new BackoffRetryStrategy(8), { name: 'TimeoutError' })).toHaveLength(2);
    expect(await delaysOf(new BackoffRetryStrategy(8), { name: 'TimeoutError', code: 'ETIMEDOUT' })).toHaveLength(2);
  });

  test('an answer of 200 that cannot be read is asked for again', async () => {
    expect(await delaysOf(new BackoffRetryStrategy(5), status(200))).toHaveLength(4);
  });

  test('a cancelled request and a mistake of our own are final', async () => {
    expect(await delaysOf(new BackoffRetryStrategy(5), { name: 'AbortError' })).toEqual([]);
    expect(await delaysOf(new BackoffRetryStrategy(5), { name: 'TypeError' })).toEqual([]);
  });

  test('a corrected clock is tried once', async () => {
    const skewed = { name: 'RequestTimeTooSkewed', $metadata: { httpStatusCode: 403, clockSkewCorrected: true } };
    expect(await delaysOf(new BackoffRetryStrategy(8), skewed)).toHaveLength(1);
    expect(await delaysOf(new BackoffRetryStrategy(8), { ...skewed, $metadata: { httpStatusCode: 403 } })).toEqual([]);
  });
});
