import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { startS3Server, type S3Server } from '../support/s3-server/startS3Server';
import { describeEachStore, startInProjectStore, type Store } from '../support/stores';

// What the in-project server is used for beyond the bucket side, held to the same answers as the real store.
describeEachStore('S3 as the tests rely on it', (store) => {
  let client: S3Client;
  let bucketName: string;

  beforeAll(async () => {
    client = store().client();
    bucketName = await store().createBucket();
  });
  afterAll(() => {
    client.destroy();
  });

  test('a bucket can be headed, located and found in the list', async () => {
    await client.send(new HeadBucketCommand({ Bucket: bucketName }));
    await client.send(new GetBucketLocationCommand({ Bucket: bucketName }));
    const { Buckets: buckets = [] } = await client.send(new ListBucketsCommand({}));
    expect(buckets.map(({ Name: name }) => name)).toContain(bucketName);
  });

  test('a listing with a delimiter folds folders, over pages too', async () => {
    const keys = ['d/a', 'd/b/1', 'd/b/2', 'd/c', 'd/e/1', 'd/f'];
    for (const key of keys) await client.send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: 'x' }));
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket: bucketName,
          Prefix: 'd/',
          Delimiter: '/',
          MaxKeys: 2,
          ContinuationToken: token,
        }),
      );
      const folders = (page.CommonPrefixes ?? []).map(({ Prefix: prefix = '' }) => prefix);
      const files = (page.Contents ?? []).map(({ Key: key = '' }) => key);
      expect(page.KeyCount).toBe(folders.length + files.length);
      found.push(...[...folders, ...files].toSorted());
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(found).toEqual(['d/a', 'd/b/', 'd/c', 'd/e/', 'd/f']);
  });

  test('StartAfter leaves out what comes before, and the key itself', async () => {
    for (const key of ['s/1', 's/2', 's/3']) {
      await client.send(new PutObjectCommand({ Bucket: bucketName, Key: key, Body: 'x' }));
    }
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: 's/', StartAfter: 's/2' }));
    expect(page.Contents?.map(({ Key: key }) => key)).toEqual(['s/3']);
  });

  test('unfinished uploads are listed by prefix, in the order of keys, over pages too', async () => {
    const keys = ['u/a b+c.bin', 'u/a b+c.bin', 'u/a b+c.bin2', 'u/\u00e9.bin', 'v/other.bin'];
    const begun: [key: string, id: string][] = [];
    for (const key of keys) {
      const { UploadId: id = '' } = await client.send(
        new CreateMultipartUploadCommand({ Bucket: bucketName, Key: key }),
      );
      begun.push([key, id]);
    }
    const list = async (prefix: string, size?: number): Promise<[key: string, id: string][]> => {
      const found: [key: string, id: string][] = [];
      let marker: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
      while (marker !== undefined) {
        const page: ListMultipartUploadsCommandOutput = await client.send(
          new ListMultipartUploadsCommand({ Bucket: bucketName, Prefix: prefix, MaxUploads: size, ...marker }),
        );
        const { Uploads: uploads = [], NextKeyMarker: key, NextUploadIdMarker: id } = page;
        if (size !== undefined) expect(uploads.length).toBeLessThanOrEqual(size);
        for (const { Key: one = '', UploadId: uploadId = '', Initiated: initiated } of uploads) {
          found.push([one, uploadId]);
          expect(Math.abs(Date.now() - (initiated?.getTime() ?? 0))).toBeLessThan(60_000);
        }
        marker = page.IsTruncated === true ? { KeyMarker: key, UploadIdMarker: id } : undefined;
      }
      return found;
    };
    const byKeyAndId = (one: [string, string], other: [string, string]): number =>
      Buffer.compare(Buffer.from(one.join(' ')), Buffer.from(other.join(' ')));
    for (const size of [undefined, 1, 2]) {
      const found = await list('u/', size);
      expect(found.map(([key]) => key)).toEqual(keys.slice(0, 4));
      expect(found.toSorted(byKeyAndId)).toEqual(begun.slice(0, 4).toSorted(byKeyAndId));
      expect(await list('u/a b+c.bin2', size)).toEqual(begun.slice(2, 3));
      expect(await list('u/none', size)).toEqual([]);
    }
  });

  test('a range of an object', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucketName, Key: 'range', Body: '0123456789' }));
    const read = async (range: string): Promise<string | undefined> => {
      const answer = await client.send(new GetObjectCommand({ Bucket: bucketName, Key: 'range', Range: range }));
      return answer.Body?.transformToString();
    };
    expect(await read('bytes=2-4')).toBe('234');
    expect(await read('bytes=7-')).toBe('789');
    expect(await read('bytes=-2')).toBe('89');
    await expect(read('bytes=10-12')).rejects.toMatchObject({ $metadata: { httpStatusCode: 416 } });
  });

  test('reads take conditions', async () => {
    await client.send(new PutObjectCommand({ Bucket: bucketName, Key: 'read', Body: 'x' }));
    const etag = createHash('md5').update('x').digest('hex');
    const get = (more: object): Promise<unknown> =>
      client.send(new GetObjectCommand({ Bucket: bucketName, Key: 'read', ...more }));
    await get({ IfMatch: etag });
    await expect(get({ IfMatch: 'f'.repeat(32) })).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    await expect(get({ IfNoneMatch: `"${etag}"` })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
  });

  test.each([
    ['a part that is too small', 'EntityTooSmall', ['x', 'y'], (etag: string) => etag],
    ['a part with another ETag', 'InvalidPart', ['x'], () => `"${'f'.repeat(32)}"`],
  ])('completion refuses %s', async (_, code, bodies, etagOf) => {
    const where = { Bucket: bucketName, Key: 'parts' };
    const { UploadId: uploadId } = await client.send(new CreateMultipartUploadCommand(where));
    const parts = [];
    for (const [index, body] of bodies.entries()) {
      const part = { ...where, UploadId: uploadId, PartNumber: index + 1 };
      const { ETag: etag = '' } = await client.send(new UploadPartCommand({ ...part, Body: body }));
      parts.push({ PartNumber: index + 1, ETag: etagOf(etag) });
    }
    const complete = new CompleteMultipartUploadCommand({
      ...where,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts },
    });
    await expect(client.send(complete)).rejects.toMatchObject({ name: code });
  });
});

describe('The S3 server of the tests [in-project]', () => {
  let store: Store & { server: S3Server };
  let bucketName: string;

  beforeAll(async () => {
    store = await startInProjectStore();
    bucketName = await store.createBucket();
  });
  afterEach(() => {
    store.server.setClockOffset(0);
    store.server.clearFaults();
  });
  afterAll(() => store.server.close());

  /** Sends a request that was signed for something else. */
  async function sendChanged(change: (signed: SignedRequest) => void): Promise<{ status: number; body: string }> {
    const signed = await sign(store, bucketName);
    change(signed);
    return send(signed);
  }

  test('a request as it was signed is accepted', async () => {
    expect((await sendChanged(() => undefined)).status).toBe(200);
  });

  test.each<[string, number, string, (signed: SignedRequest) => void]>([
    ['no signature', 403, 'AccessDenied', ({ headers }) => delete headers.authorization],
    ['another method', 403, 'SignatureDoesNotMatch', (signed) => (signed.method = 'DELETE')],
    ['another key', 403, 'SignatureDoesNotMatch', (signed) => (signed.path = signed.path.replace('signed', 'other'))],
    ['one more query parameter', 403, 'SignatureDoesNotMatch', (signed) => (signed.path += '&uploads=')],
    ['another header', 403, 'SignatureDoesNotMatch', ({ headers }) => (headers['x-amz-meta-a'] = 'changed')],
    ['another body', 400, 'XAmzContentSHA256Mismatch', (signed) => (signed.body = 'new bytes')],
    [
      'another date',
      403,
      'SignatureDoesNotMatch',
      ({ headers }) => (headers['x-amz-date'] = new Date(Date.now() - 60_000).toISOString().replace(/[-:]|\.\d+/g, '')),
    ],
    [
      'a body in chunks with a trailer',
      411,
      'MissingContentLength',
      ({ headers }) => (headers['x-amz-content-sha256'] = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'),
    ],
  ])('%s is refused with %i %s', async (_, status, code, change) => {
    const before = store.server.listKeys(bucketName);
    const answer = await sendChanged(change);
    expect(answer.status).toBe(status);
    expect(answer.body).toContain(`<Code>${code}</Code>`);
    expect(store.server.listKeys(bucketName)).toEqual(before);
  });

  test.each([-16, 16])('a clock that is %i minutes off is refused', async (minutes) => {
    store.server.setClockOffset(minutes * 60_000);
    const answer = await sendChanged(() => undefined);
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('<Code>RequestTimeTooSkewed</Code>');
  });

  test('the log tells operation, bucket, key and status of each request', async () => {
    store.server.clearRequests();
    const client = store.client();
    await client.send(new PutObjectCommand({ Bucket: bucketName, Key: 'a b', Body: 'x' }));
    await client.send(new DeleteObjectCommand({ Bucket: bucketName, Key: 'a b' }));
    client.destroy();
    expect(store.server.requests()).toEqual([
      { operation: 'PutObject', bucket: bucketName, key: 'a b', status: 200 },
      { operation: 'DeleteObject', bucket: bucketName, key: 'a b', status: 204 },
    ]);
  });

  test('objects in a folder outlive the server', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 's3-sync-server-'));
    const options = { dataDir, credentials: { key: 'secret' } };
    const first = await startS3Server(options);
    first.createBucket('kept');
    await first.putObject('kept', 'a/é', 'content', { 'content-type': 'text/plain' });
    await first.putObject('kept', 'gone', 'x');
    await first.putObject('kept', 'a/é', 'new content', { 'content-type': 'text/html' });
    await first.deleteObject('kept', 'gone');
    await first.close();
    const second = await startS3Server(options);
    expect(second.listKeys('kept')).toEqual(['a/é']);
    expect((await second.getObject('kept', 'a/é'))?.toString()).toBe('new content');
    expect(second.objectHeaders('kept', 'a/é')).toMatchObject({ 'content-type': 'text/html' });
    await second.close();
    await rm(dataDir, { recursive: true });
  });

  test('listing 20,000 objects takes seconds of work, not minutes', async () => {
    const big = 'big-bucket';
    store.server.createBucket(big);
    for (let index = 0; index < 20_000; index++) {
      // Multiplying by a prime to the size makes the order of arrival unlike the order of keys.
      await store.server.putObject(big, `f/${(index * 7_919) % 20_000}`, '');
    }
    const client = store.client();
    const started = process.cpuUsage();
    let count = 0;
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: big, ContinuationToken: token }));
      count += page.KeyCount ?? 0;
      token = page.NextContinuationToken;
    } while (token !== undefined);
    client.destroy();
    expect(count).toBe(20_000);
    // Work and not time: the machine may be busy with something else.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  describe('the pages to browse', () => {
    const browse = (path: string, headers: Record<string, string> = {}): ReturnType<typeof send> =>
      send({ url: new URL(store.endpoint), method: 'GET', path, headers, body: '' });

    test('show buckets and objects, escaped, and open an object without letting it run scripts', async () => {
      await store.server.putObject(bucketName, 'x/<b>&.html', '<script>alert(1)</script>', {
        'content-type': 'text/html',
      });
      expect((await browse('/_browse/')).body).toContain(bucketName);
      const list = await browse(`/_browse/${bucketName}/`);
      expect(list.body).toContain('x/&lt;b&gt;&amp;.html');
      const object = await browse(`/_browse/${bucketName}/${encodeURIComponent('x/<b>&.html')}`);
      expect(object).toMatchObject({ status: 200, body: '<script>alert(1)</script>' });
      expect(object.headers['content-security-policy']).toMatch(/^sandbox;/);
    });

    test('are read only and for this machine alone', async () => {
      expect((await browse('/_browse/', { host: 'evil.example' })).status).toBe(403);
      const posted = await send({
        url: new URL(store.endpoint),
        method: 'POST',
        path: '/_browse/',
        headers: {},
        body: '',
      });
      expect(posted.status).toBe(403);
      expect((await browse('/_browse/no-such-bucket/')).status).toBe(404);
    });
  });
});

interface SignedRequest {
  url: URL;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Signs a PUT as the SDK does, and hands it over instead of sending it. */
async function sign(store: Store, bucketName: string): Promise<SignedRequest> {
  let signed: SignedRequest | undefined;
  const client = store.client();
  client.middlewareStack.add(
    () => async (args) => {
      const { request: http } = args;
      if (isHttpRequest(http)) {
        const query = new URLSearchParams(http.query).toString();
        signed = {
          url: new URL(store.endpoint),
          method: http.method,
          path: `${http.path}?${query}`,
          headers: Object.fromEntries(Object.entries(http.headers).map(([name, value]) => [name.toLowerCase(), value])),
          body: 'the bytes',
        };
      }
      throw new Error('not sent');
    },
    { name: 'keepSigned', step: 'finalizeRequest', priority: 'low' },
  );
  const put = new PutObjectCommand({ Bucket: bucketName, Key: 'signed', Body: 'the bytes', Metadata: { a: 'b' } });
  await client.send(put).catch(() => undefined);
  client.destroy();
  if (signed === undefined) throw new Error('The SDK signed nothing.');
  return signed;
}

interface HttpRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
}

function isHttpRequest(value: unknown): value is HttpRequest {
  return typeof value === 'object' && value !== null && 'query' in value && 'headers' in value;
}

function send({ url, method, path, headers, body }: SignedRequest): Promise<{
  status: number;
  body: string;
  headers: NodeJS.Dict<string | string[]>;
}> {
  return new Promise((resolve, reject) => {
    const options = { host: url.hostname, port: url.port, method, path, headers, agent: false };
    const outgoing = request(options, (response) => {
      const chunks: string[] = [];
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: chunks.join(''), headers: response.headers });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
