import { createHash, randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Bucket, PutLargeInput } from '../../server/src/sync/bucket/Bucket';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import { listKeys } from '../support/listKeys';
import { putText } from '../support/putText';
import type { S3Server } from '../support/s3-server/startS3Server';
import { startInProjectStore, type Store } from '../support/stores';

type LookupCallback = (error: null, addresses: dns.LookupAddress[]) => void;

const MIB = 1024 * 1024;
const KEYS = ['a', 'b', 'c', 'd', 'e'];

describe('Bucket on a store that goes wrong [in-project]', () => {
  let store: Store & { server: S3Server };
  let server: S3Server;
  let bucketName: string;
  let bucket: Bucket;

  function open(more?: Partial<BucketSettings>, pageSize = 2): Bucket {
    bucket.close();
    bucket = openBucket(store.settings(bucketName, more), { pageSize });
    return bucket;
  }

  beforeAll(async () => {
    store = await startInProjectStore();
    server = store.server;
  });
  beforeEach(async () => {
    // The pause before a further attempt is random, from none at all up: how long it may be is a test of its own.
    jest.spyOn(Math, 'random').mockReturnValue(0);
    bucketName = await store.createBucket();
    for (const key of KEYS) await server.putObject(bucketName, key, `content of ${key}`);
    bucket = openBucket(store.settings(bucketName), { pageSize: 2 });
    server.clearRequests();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    server.clearFaults();
    server.setClockOffset(0);
    bucket.close();
  });
  afterAll(() => store.server.close());

  describe('retries', () => {
    test.each([
      [500, 'InternalError'],
      [502, 'BadGateway'],
      [503, 'SlowDown'],
      [504, 'GatewayTimeout'],
      [429, 'TooManyRequests'],
      [400, 'RequestTimeout'],
      [409, 'OperationAborted'],
    ])('%i %s passes, and is counted', async (status, code) => {
      server.fault({ kind: 'status', status, code, times: 2 });
      await putText(bucket, 'k', 'x');
      expect(bucket.requests()).toEqual({ PutObject: 3 });
      expect(server.requests().map((request) => request.status)).toEqual([status, status, 200]);
    });

    test.each([
      [400, 'InvalidArgument', 'STORE_ERROR'],
      [403, 'AccessDenied', 'ACCESS_DENIED'],
      [403, 'SignatureDoesNotMatch', 'CREDENTIALS_REJECTED'],
      [400, 'ExpiredToken', 'CREDENTIALS_EXPIRED'],
      [409, 'ConditionalRequestConflict', 'PRECONDITION_FAILED'],
      [412, 'PreconditionFailed', 'PRECONDITION_FAILED'],
      [501, 'NotImplemented', 'STORE_ERROR'],
    ])('%i %s is final: one attempt, %s', async (status, code, expected) => {
      server.fault({ kind: 'status', status, code });
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject({
        code: expected,
        s3Code: code,
        httpStatus: status,
      });
      expect(bucket.requests()).toEqual({ PutObject: 1 });
    });

    test('a store that stays busy is STORE_BUSY after three times the given number of attempts', async () => {
      open({ maxAttempts: 2 });
      server.fault({ kind: 'status', status: 503, code: 'SlowDown' });
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject({
        code: 'STORE_BUSY',
        s3Code: 'SlowDown',
        key: 'k',
      });
      expect(bucket.requests()).toEqual({ PutObject: 6 });
    });

    test('Retry-After is honoured', async () => {
      server.fault({ kind: 'status', status: 503, code: 'SlowDown', headers: { 'retry-after': '1' }, times: 1 });
      const started = Date.now();
      await putText(bucket, 'k', 'x');
      expect(Date.now() - started).toBeGreaterThanOrEqual(950);
    });

    test('a storm in which half of all requests are answered SlowDown ends well', async () => {
      server.fault({ kind: 'status', status: 503, code: 'SlowDown', match: { probability: 0.5 } });
      const keys = Array.from({ length: 100 }, (_, index) => `storm/${index}`);
      await Promise.all(keys.map((key) => putText(bucket, key, 'x')));
      expect(server.listKeys(bucketName)).toHaveLength(KEYS.length + 100);
      expect(bucket.requests().PutObject).toBeGreaterThan(150);
    });

    test('a connection that breaks before or after the work is tried again', async () => {
      server.fault({ kind: 'reset', times: 1 });
      server.fault({ kind: 'lost-answer', times: 1 });
      await putText(bucket, 'k', 'x');
      expect(bucket.requests()).toEqual({ PutObject: 3 });
      expect(server.listKeys(bucketName)).toContain('k');
    });

    test('a connection that always breaks is STORE_UNREACHABLE', async () => {
      open({ maxAttempts: 3 });
      server.fault({ kind: 'reset' });
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    });

    test('a cancel ends the wait before the next attempt', async () => {
      server.fault({ kind: 'status', status: 503, code: 'SlowDown', headers: { 'retry-after': '20' } });
      const controller = new AbortController();
      const started = Date.now();
      setTimeout(() => {
        controller.abort();
      }, 200);
      await expect(bucket.head('a', controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(Date.now() - started).toBeLessThan(15_000);
    });
  });

  describe('hangs', () => {
    test('a server that accepts and never answers is STORE_TIMEOUT, after a few idle times', async () => {
      open({ timeouts: { idleMs: 150 } });
      server.fault({ kind: 'hang' });
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
      await expect(bucket.delete(['a'])).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
      expect(bucket.requests()).toEqual({ PutObject: 3, ListObjectsV2: 3, DeleteObjects: 3 });
      expect(server.listKeys(bucketName)).toEqual(KEYS);
    });

    test('one hang is got over', async () => {
      // A busy machine may be late with the second answer.
      open({ timeouts: { idleMs: 1_000 } });
      server.fault({ kind: 'hang', times: 1 });
      await putText(bucket, 'k', 'x');
      expect(bucket.requests()).toEqual({ PutObject: 2 });
    });

    test('a cancel does not wait for the timeout', async () => {
      server.fault({ kind: 'hang' });
      const controller = new AbortController();
      setTimeout(() => {
        controller.abort();
      }, 50);
      const started = Date.now();
      await expect(bucket.get('a', controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(Date.now() - started).toBeLessThan(5_000);
    });

    test('an answer that is slower than the idle time in all, but never idle, is no timeout', async () => {
      const dripping = await startDripping(7, 200);
      open({ endpoint: urlOf(dripping), timeouts: { idleMs: 1_000 } });
      const { body } = await bucket.get('slow');
      expect((await buffer(body)).toString()).toBe('x'.repeat(7));
      dripping.close();
    });

    test('a body that stops flowing ends with STORE_TIMEOUT', async () => {
      const dripping = await startDripping(2, 10, 12);
      open({ endpoint: urlOf(dripping), timeouts: { idleMs: 1_000 } });
      const { body } = await bucket.get('stuck');
      await expect(buffer(body)).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
      dripping.closeAllConnections();
      dripping.close();
    });
  });

  describe('bodies', () => {
    test('a cut body never ends as a shorter file', async () => {
      await server.putObject(bucketName, 'large', randomBytes(MIB));
      server.fault({ kind: 'cut-body', match: { operation: 'GetObject' } });
      const { body } = await bucket.get('large');
      await expect(buffer(body)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    });

    test('a body that is cancelled in the middle ends with CANCELLED', async () => {
      await server.putObject(bucketName, 'large', randomBytes(8 * MIB));
      const controller = new AbortController();
      const { body } = await bucket.get('large', controller.signal);
      const reading = buffer(body);
      controller.abort();
      await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' });
    });

    test('a caller that lets go of a body does not break the next request', async () => {
      await server.putObject(bucketName, 'large', randomBytes(8 * MIB));
      const { body } = await bucket.get('large');
      body.destroy();
      expect(await bucket.head('large')).toMatchObject({ size: 8 * MIB });
    });
  });

  describe('listings', () => {
    test.each(['truncated-page', 'short-page', 'repeated-page', 'broken-xml'] as const)(
      'a %s that passes is asked for again, and the listing is whole',
      async (kind) => {
        server.fault({ kind, match: { operation: 'ListObjectsV2', nth: 2 }, times: 1 });
        expect(await listKeys(bucket.list(['']))).toEqual(KEYS);
        expect(bucket.requests().ListObjectsV2).toBe(4);
      },
    );

    test('a cut page is asked for again', async () => {
      server.fault({ kind: 'cut-body', match: { operation: 'ListObjectsV2' }, times: 2 });
      expect(await listKeys(bucket.list(['']))).toEqual(KEYS);
    });

    test.each(['truncated-page', 'short-page', 'repeated-page'] as const)(
      'a %s that stays is LISTING_INCOMPLETE, in order or not',
      async (kind) => {
        server.fault({ kind, match: { operation: 'ListObjectsV2' } });
        await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'LISTING_INCOMPLETE' });
        await expect(listKeys(bucket.listUnordered(['']))).rejects.toMatchObject({ code: 'LISTING_INCOMPLETE' });
      },
    );

    test('a page that stays unreadable is LISTING_INCOMPLETE', async () => {
      open({ maxAttempts: 3 });
      server.fault({ kind: 'broken-xml', match: { operation: 'ListObjectsV2' } });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'LISTING_INCOMPLETE' });
    });

    test('an answer of 200 that is no listing is LISTING_INCOMPLETE, not an empty bucket', async () => {
      for (const body of ['<html><body>Welcome</body></html>', '', '<ListBucketResult></ListBucketResult>']) {
        const stranger = await startAnswering(body);
        open({ endpoint: urlOf(stranger), maxAttempts: 2 });
        await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'LISTING_INCOMPLETE' });
        stranger.close();
      }
    });

    test('an error on page 3 fails the listing', async () => {
      open({ maxAttempts: 2 });
      server.fault({ kind: 'status', status: 500, match: { operation: 'ListObjectsV2', nth: 3 } });
      server.fault({ kind: 'status', status: 500, match: { operation: 'ListObjectsV2', nth: 3 } });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'STORE_ERROR', httpStatus: 500 });
    });

    test('a page out of order is LISTING_OUT_OF_ORDER, and listUnordered takes it', async () => {
      server.fault({ kind: 'unsorted-page', match: { operation: 'ListObjectsV2' } });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'LISTING_OUT_OF_ORDER' });
      expect((await listKeys(bucket.listUnordered(['']))).toSorted()).toEqual(KEYS);
    });
  });

  describe('deletes', () => {
    test('a store without DeleteObjects gets single deletes', async () => {
      server.fault({ kind: 'status', status: 501, code: 'NotImplemented', match: { operation: 'DeleteObjects' } });
      expect(await bucket.delete(['a', 'b'])).toEqual([{ key: 'a' }, { key: 'b' }]);
      expect(server.listKeys(bucketName)).toEqual(['c', 'd', 'e']);
    });

    test('a key whose error passes is tried again alone', async () => {
      server.fault({ kind: 'key-error', code: 'InternalError', match: { key: 'b' } });
      expect(await bucket.delete(['a', 'b'])).toEqual([{ key: 'a' }, { key: 'b' }]);
      expect(bucket.requests()).toEqual({ DeleteObjects: 1, DeleteObject: 1 });
    });

    test('a whole request that is refused throws, and names the action', async () => {
      server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'DeleteObjects' } });
      await expect(bucket.delete(['a'])).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        message: containing('s3:DeleteObject'),
      });
      expect(server.listKeys(bucketName)).toEqual(KEYS);
    });
  });

  describe('getRange', () => {
    test('goes on where its connection broke, with the same version', async () => {
      const body = randomBytes(4 * MIB);
      await server.putObject(bucketName, 'part', body);
      server.fault({ kind: 'cut-body', match: { key: 'part' }, times: 1 });
      const part = await buffer(await bucket.getRange('part', { first: MIB, last: 3 * MIB - 1, size: body.length }));
      expect(part.equals(body.subarray(MIB, 3 * MIB))).toBe(true);
      const [first, rest] = server.requests().filter(({ key }) => key === 'part');
      expect(first?.range).toBe(`bytes=${MIB}-${3 * MIB - 1}`);
      expect(rest?.range).toMatch(new RegExp(`^bytes=\\d+-${3 * MIB - 1}$`));
    });
  });

  describe('putLarge', () => {
    test('a part that fails once is sent again', async () => {
      server.fault({ kind: 'reset', match: { operation: 'UploadPart', nth: 2 }, times: 1 });
      const body = randomBytes(17 * MIB);
      const { etag } = await bucket.putLarge(largeInput('large', body));
      expect(etag).toMatch(/-3$/);
      expect(bucket.requests().UploadPart).toBe(4);
      expect(body.equals((await server.getObject(bucketName, 'large')) ?? Buffer.alloc(0))).toBe(true);
    });

    test('a part that is refused aborts the upload', async () => {
      server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'UploadPart', nth: 2 } });
      await expect(bucket.putLarge(largeInput('large', randomBytes(17 * MIB)))).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        key: 'large',
      });
      expect(server.listUploads(bucketName)).toEqual([]);
      expect(server.listKeys(bucketName)).toEqual(KEYS);
    });

    test('where aborting is not allowed, the first error stays the error and says what was left', async () => {
      server.fault({ kind: 'status', status: 400, code: 'InvalidArgument', match: { operation: 'UploadPart' } });
      server.fault({ kind: 'status', status: 403, code: 'AccessDenied', match: { operation: 'AbortMultipartUpload' } });
      await expect(bucket.putLarge(largeInput('large', randomBytes(9 * MIB)))).rejects.toMatchObject({
        code: 'STORE_ERROR',
        s3Code: 'InvalidArgument',
        message: containing('Parts of the unfinished upload stay in the bucket'),
      });
    });

    test('a completion whose answer was lost is found to be done', async () => {
      server.fault({ kind: 'lost-answer', match: { operation: 'CompleteMultipartUpload' }, times: 1 });
      const { etag } = await bucket.putLarge(largeInput('large', randomBytes(9 * MIB)));
      expect(etag).toBe(server.objectHeaders(bucketName, 'large')?.etag);
      expect(bucket.requests()).toMatchObject({ CompleteMultipartUpload: 2, HeadObject: 1 });
    });

    test('an ETag that tells nothing is taken when the size is right', async () => {
      server.fault({ kind: 'opaque-etag' });
      const { etag } = await bucket.putLarge(largeInput('large', randomBytes(9 * MIB)));
      expect(etag).toBe(server.objectHeaders(bucketName, 'large')?.etag);
      expect(etag).toMatch(/^[0-9a-f]{32}$/);
    });

    test.each([
      ['ifAbsent', { ifAbsent: true }],
      ['ifMatch', { ifMatch: 'f'.repeat(32) }],
    ] as const)('%s is asked for at completion, and a failed one leaves nothing behind', async (_, condition) => {
      const upload = bucket.putLarge({ ...largeInput('a', randomBytes(9 * MIB)), condition });
      await expect(upload).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', key: 'a' });
      expect((await server.getObject(bucketName, 'a'))?.toString()).toBe('content of a');
      expect(server.listUploads(bucketName)).toEqual([]);
    });

    test('at most three parts are on their way at a time', async () => {
      let reading = 0;
      let most = 0;
      server.fault({ kind: 'delay', ms: 30, match: { operation: 'UploadPart' } });
      const body = Buffer.alloc(41 * MIB);
      await bucket.putLarge({
        ...largeInput('large', body),
        readPart: async (offset, length) => {
          most = Math.max(most, ++reading);
          return body.subarray(offset, offset + length);
        },
        onPart: () => {
          reading--;
        },
      });
      expect(most).toBe(3);
    });
  });

  describe('an ETag that is not an MD5', () => {
    test('is given back as it is', async () => {
      server.fault({ kind: 'opaque-etag' });
      const etag = await putText(bucket, 'k', 'x');
      expect(etag).not.toBe(createHash('md5').update('x').digest('hex'));
      expect((await bucket.head('k'))?.etag).toBe(etag);
    });
  });

  describe('settings that are wrong', () => {
    test('a bucket in another region than the endpoint: WRONG_REGION with the right one', async () => {
      const name = `elsewhere-${randomBytes(6).toString('hex')}`;
      server.createBucket(name, 'eu-west-1');
      bucketName = name;
      open();
      const wrong = { code: 'WRONG_REGION', region: 'eu-west-1', fix: 'Set the region to eu-west-1.' };
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject(wrong);
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject(wrong);
      await expect(bucket.head('k')).rejects.toMatchObject(wrong);
    });

    test('a region that is neither of them: WRONG_REGION with the right one', async () => {
      open({ awsRegion: 'ap-south-1' });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'WRONG_REGION', region: 'us-east-1' });
    });

    test('where the refusal does not name the region, the bucket is asked for it', async () => {
      server.fault({ kind: 'status', status: 301, code: 'PermanentRedirect', match: { operation: 'ListObjectsV2' } });
      open({ awsRegion: 'us-east-1' });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'WRONG_REGION', region: undefined });
      expect(bucket.requests()).toEqual({ ListObjectsV2: 1, HeadBucket: 1 });
    });

    test('a redirect that is not about a region says where it leads', async () => {
      const headers = { location: 'https://store.example/path?X-Amz-Signature=secret' };
      server.fault({ kind: 'status', status: 302, code: 'Found', headers });
      const error: unknown = await listKeys(bucket.list([''])).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'STORE_ERROR',
        message: containing('https://store.example/path.'),
      });
      expect(String(error)).not.toContain('secret');
    });

    test('nothing listens there: STORE_UNREACHABLE names host and port', async () => {
      open({ endpoint: 'http://127.0.0.1:1', maxAttempts: 2 });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: containing('127.0.0.1:1'),
      });
      expect(bucket.requests()).toEqual({ ListObjectsV2: 2 });
    });

    test('https where http is spoken: STORE_UNREACHABLE', async () => {
      open({ endpoint: store.endpoint.replace('http:', 'https:'), maxAttempts: 2 });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    });

    test('no credentials anywhere: NO_CREDENTIALS says where to put them', async () => {
      const before = { ...process.env };
      for (const name of Object.keys(process.env))
        if (name.startsWith('AWS_')) Reflect.deleteProperty(process.env, name);
      process.env.AWS_EC2_METADATA_DISABLED = 'true';
      process.env.AWS_SHARED_CREDENTIALS_FILE = '/nonexistent';
      process.env.AWS_CONFIG_FILE = '/nonexistent';
      try {
        open({ credentials: undefined });
        await expect(listKeys(bucket.list(['']))).rejects.toMatchObject({
          code: 'NO_CREDENTIALS',
          fix: containing('config/plugins'),
        });
      } finally {
        process.env = before;
      }
    });
  });

  describe('clocks', () => {
    test('a difference of an hour is corrected by one retry', async () => {
      server.setClockOffset(60 * 60 * 1_000);
      await putText(bucket, 'k', 'x');
      await putText(bucket, 'l', 'x');
      expect(bucket.requests()).toEqual({ PutObject: 3 });
    });

    test('a store whose dates cannot be believed is CLOCK_SKEW, after two attempts', async () => {
      server.fault({ kind: 'status', status: 403, code: 'RequestTimeTooSkewed' });
      server.setClockOffset(10 * 60 * 1_000);
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject({ code: 'CLOCK_SKEW', httpStatus: 403 });
      expect(bucket.requests()).toEqual({ PutObject: 2 });
    });
  });

  test('virtual-host style reaches the bucket by its name', async () => {
    // Not every machine resolves names below localhost.
    const asked: string[] = [];
    const before: unknown = dns.lookup;
    Reflect.set(dns, 'lookup', (host: string, _options: unknown, callback: LookupCallback) => {
      asked.push(host);
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    });
    const port = new URL(store.endpoint).port;
    open({ endpoint: `http://localhost:${port}`, forcePathStyle: false });
    expect(await listKeys(bucket.list(['']))).toEqual(KEYS);
    expect(asked).toContain(`${bucketName}.localhost`);
    Reflect.set(dns, 'lookup', before);
  });
});

/** Jest's matchers are typed `any`. */
function containing(text: string): unknown {
  return expect.stringContaining(text);
}

function largeInput(key: string, body: Buffer): PutLargeInput {
  return {
    key,
    size: body.length,
    contentType: 'application/octet-stream',
    metadata: {},
    readPart: async (offset, length) => body.subarray(offset, offset + length),
    beforeComplete: async () => undefined,
  };
}

/** A server that sends `sent` bytes, one every `everyMs`, of the `announced` ones. */
function startDripping(sent: number, everyMs: number, announced = sent): Promise<Server> {
  return listen(
    createServer((_, response) => {
      const headers = { 'content-length': announced, etag: '"x"', 'last-modified': new Date().toUTCString() };
      response.writeHead(200, headers);
      let left = sent;
      const timer = setInterval(() => {
        response.write('x');
        if (--left > 0) return;
        clearInterval(timer);
        if (sent === announced) response.end();
      }, everyMs);
    }),
  );
}

/** A server that knows one answer. */
function startAnswering(body: string): Promise<Server> {
  return listen(
    createServer((_, response) => {
      response.end(body);
    }),
  );
}

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}

function urlOf(server: Server): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}
