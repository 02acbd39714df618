import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import {
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { Bucket, PutLargeInput } from '../../server/src/sync/bucket/Bucket';
import type { BucketSettings } from '../../server/src/sync/bucket/BucketSettings';
import { openBucket } from '../../server/src/sync/bucket/S3Bucket';
import { listKeys } from '../support/listKeys';
import { oddKeys } from '../support/oddKeys';
import { putText } from '../support/putText';
import { describeEachStore } from '../support/stores';

const MIB = 1024 * 1024;
const anyNumber: unknown = expect.any(Number);

describeEachStore('Bucket', (store) => {
  const opened: Bucket[] = [];

  function open(bucketName: string, more?: Partial<BucketSettings>, pageSize?: number): Bucket {
    const bucket = openBucket(store().settings(bucketName, more), { pageSize });
    opened.push(bucket);
    return bucket;
  }

  async function openNew(more?: Partial<BucketSettings>, pageSize?: number): Promise<Bucket> {
    return open(await store().createBucket(), more, pageSize);
  }

  async function unfinishedUploads(bucketName: string): Promise<string[]> {
    const client = store().client();
    const answer = await client.send(new ListMultipartUploadsCommand({ Bucket: bucketName }));
    client.destroy();
    return (answer.Uploads ?? []).map(({ Key: key }) => key ?? '');
  }

  afterEach(() => {
    for (const bucket of opened.splice(0)) bucket.close();
  });

  describe('put, head and get', () => {
    test('bytes, type and metadata come back as they were given', async () => {
      const bucket = await openNew();
      const body = randomBytes(100_000);
      const md5 = createHash('md5').update(body).digest('hex');
      const metadata = { mtime: '1700000000.123456789', sha256: 'ab'.repeat(32), name: 'Ünïcode 100% \u{1f600}' };

      const { etag } = await bucket.put({ key: 'a/b.bin', body, md5, contentType: 'image/png', metadata });
      const head = await bucket.head('a/b.bin');
      const got = await bucket.get('a/b.bin');

      expect(etag).toBe(md5);
      expect(head).toEqual({
        size: 100_000,
        etag: md5,
        contentType: 'image/png',
        metadata,
        lastModifiedMs: anyNumber,
      });
      expect(Math.abs(Date.now() - (head?.lastModifiedMs ?? 0))).toBeLessThan(60_000);
      expect(got.head).toEqual(head);
      expect(body.equals(await buffer(got.body))).toBe(true);
    });

    test('an object of 0 bytes', async () => {
      const bucket = await openNew();
      await putText(bucket, 'empty', '');
      const { head, body } = await bucket.get('empty');
      expect(head.size).toBe(0);
      expect(await buffer(body)).toHaveLength(0);
    });

    test('a body that is not the one of its MD5 is refused by the store', async () => {
      const bucket = await openNew();
      const md5 = createHash('md5').update('other bytes').digest('hex');
      const input = { key: 'damaged', body: Buffer.from('bytes'), md5, contentType: 'text/plain', metadata: {} };
      await expect(bucket.put(input)).rejects.toMatchObject({ code: 'INTEGRITY', key: 'damaged' });
      expect(await bucket.head('damaged')).toBeUndefined();
    });

    test('the settings for cache control and ACL are sent, others are not', async () => {
      const bucketName = await store().createBucket();
      const bucket = open(bucketName, { cacheControl: 'max-age=60', storageClass: 'STANDARD', acl: 'private' });
      await putText(bucket, 'small', 'x');
      await bucket.putLarge(largeInput('large', Buffer.from('y')));
      const client = store().client();
      for (const key of ['small', 'large']) {
        const head = await client.send(new HeadObjectCommand({ Bucket: bucketName, Key: key }));
        expect(head.CacheControl).toBe('max-age=60');
      }
      client.destroy();
    });

    test('a missing object is undefined for head and OBJECT_NOT_FOUND for get', async () => {
      const bucket = await openNew();
      expect(await bucket.head('missing')).toBeUndefined();
      await expect(bucket.get('missing')).rejects.toMatchObject({
        code: 'OBJECT_NOT_FOUND',
        key: 'missing',
        httpStatus: 404,
      });
    });
  });

  describe('odd keys', () => {
    test('each can be put, listed in UTF-8 order, read and deleted', async () => {
      const bucket = await openNew({ prefix: 'si te+%' }, 7);
      const keys = oddKeys.map((key) => (Buffer.byteLength(key) > 1_000 ? key.slice(0, -'si te+%/'.length) : key));
      await Promise.all(keys.map((key) => putText(bucket, key, `content of ${key}`)));

      const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await listKeys(bucket.list(['']))).toEqual(inOrder);
      for (const key of keys) {
        const { body } = await bucket.get(key);
        expect((await buffer(body)).toString()).toBe(`content of ${key}`);
      }
      expect(await bucket.delete(keys)).toEqual(keys.map((key) => ({ key })));
      expect(await listKeys(bucket.list(['']))).toEqual([]);
    });

    test('a page may end at any of them', async () => {
      const bucketName = await store().createBucket();
      const bucket = open(bucketName, {}, 1);
      await Promise.all(oddKeys.map((key) => putText(bucket, key, 'x')));
      expect(await listKeys(bucket.list(['']))).toHaveLength(oddKeys.length);
    });

    test('a key of 1,024 bytes is taken, a longer one is an error of its own', async () => {
      const bucket = await openNew();
      const longest = `${'é'.repeat(400)}/${'x'.repeat(223)}`;
      await putText(bucket, longest, 'x');
      expect(await listKeys(bucket.list(['']))).toEqual([longest]);
      await expect(putText(bucket, `${longest}x`, 'x')).rejects.toMatchObject({ code: 'STORE_ERROR', httpStatus: 400 });
    });
  });

  describe('list', () => {
    test('more than 1,000 objects come in pages, each once, in order and with size and ETag', async () => {
      const bucket = await openNew();
      const keys = Array.from({ length: 1_100 }, (_, index) => `f/${String(index).padStart(5, '0')}`);
      for (let start = 0; start < keys.length; start += 100) {
        await Promise.all(keys.slice(start, start + 100).map((key) => putText(bucket, key, 'same')));
      }
      const pages = [];
      for await (const page of bucket.list([''])) pages.push(page);

      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat().map(({ key }) => key)).toEqual(keys);
      const md5 = createHash('md5').update('same').digest('hex');
      expect(
        pages.flat().every(({ size, etag, lastModifiedMs }) => size === 4 && etag === md5 && lastModifiedMs > 0),
      ).toBe(true);
      expect(bucket.requests().ListObjectsV2).toBe(2);

      const outcomes = await bucket.delete(keys);
      expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
      expect(bucket.requests().DeleteObjects).toBe(2);
      expect(await listKeys(bucket.list(['']))).toEqual([]);
    });

    test('an empty bucket has no keys', async () => {
      const bucket = await openNew();
      expect(await listKeys(bucket.list(['']))).toEqual([]);
      expect(await listKeys(bucket.listUnordered(['']))).toEqual([]);
    });

    test('only what begins with one of the prefixes', async () => {
      const bucket = await openNew();
      for (const key of ['a/1', 'a/2', 'ab', 'b/1', 'c/1']) await putText(bucket, key, 'x');
      expect(await listKeys(bucket.list(['a/', 'c']))).toEqual(['a/1', 'a/2', 'c/1']);
    });

    test('a prefix without its slash does not reach into a sibling', async () => {
      const bucketName = await store().createBucket();
      const whole = open(bucketName);
      for (const key of ['site', 'site/a', 'site/', 'site-backup/a', 'sit', 'other']) await putText(whole, key, 'x');
      const bucket = open(bucketName, { prefix: 'site' });

      expect(bucket.identity).toEqual({ bucketName, endpoint: store().endpoint, prefix: 'site/' });
      expect(await listKeys(bucket.list(['']))).toEqual(['a']);
      expect(await bucket.delete(['a'])).toEqual([{ key: 'a' }]);
      expect(await listKeys(whole.list(['']))).toEqual(['other', 'sit', 'site', 'site-backup/a', 'site/']);
    });

    test('a caller may stop after the first page', async () => {
      const bucket = await openNew({}, 1);
      for (const key of ['a', 'b', 'c']) await putText(bucket, key, 'x');
      for await (const page of bucket.list([''])) {
        expect(page).toHaveLength(1);
        break;
      }
    });

    test('a listing that is cancelled ends with CANCELLED', async () => {
      const bucket = await openNew({}, 1);
      for (const key of ['a', 'b', 'c']) await putText(bucket, key, 'x');
      const controller = new AbortController();
      const listing = async (): Promise<void> => {
        for await (const page of bucket.list([''], controller.signal)) {
          expect(page).toHaveLength(1);
          controller.abort();
        }
      };
      await expect(listing()).rejects.toMatchObject({ code: 'CANCELLED' });
    });
  });

  describe('getRange', () => {
    const body = randomBytes(3 * MIB);

    test.each([
      ['the beginning', 0, 99],
      ['the middle', MIB, 2 * MIB],
      ['the last byte', 3 * MIB - 1, 3 * MIB - 1],
    ])('gives %s, and nothing else', async (_what, first, last) => {
      const bucket = await openNew();
      const md5 = createHash('md5').update(body).digest('hex');
      await bucket.put({ key: 'a b.bin', body, md5, contentType: 'image/png', metadata: {} });
      const part = await buffer(await bucket.getRange('a b.bin', { first, last, size: body.length }));
      expect(part.equals(body.subarray(first, last + 1))).toBe(true);
    });

    test('of a key that is not there is an error', async () => {
      const part = { first: 0, last: 9, size: 10 };
      await expect((await openNew()).getRange('none', part)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
    });

    test.each([
      ['longer', 20],
      ['shorter, and holds the beginning of the part', 4],
      ['shorter than where the part begins', 1],
    ])('of an object that is %s by now is an error, not another part', async (_now, size) => {
      const bucket = await openNew();
      await putText(bucket, 'k', 'x'.repeat(size));
      const part = { first: 2, last: 9, size: 10 };
      await expect(bucket.getRange('k', part)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED', key: 'k' });
    });
  });

  describe('conditions', () => {
    test('ifAbsent writes a new key and leaves an existing one', async () => {
      const bucket = await openNew();
      await putText(bucket, 'k', 'first', { ifAbsent: true });
      await expect(putText(bucket, 'k', 'second', { ifAbsent: true })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
        key: 'k',
        httpStatus: 412,
      });
      expect((await buffer((await bucket.get('k')).body)).toString()).toBe('first');
    });

    test('ifMatch replaces the object it names and no other', async () => {
      const bucket = await openNew();
      const first = await putText(bucket, 'k', 'first');
      await putText(bucket, 'k', 'second', { ifMatch: first });
      await expect(putText(bucket, 'k', 'third', { ifMatch: first })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
      expect((await buffer((await bucket.get('k')).body)).toString()).toBe('second');
    });

    test('ifMatch on a key that is gone is a failed precondition too', async () => {
      const bucket = await openNew();
      await expect(putText(bucket, 'gone', 'x', { ifMatch: 'f'.repeat(32) })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
    });
  });

  describe('putLarge', () => {
    test('20 MiB in parts come back the same, with the composed ETag', async () => {
      const bucket = await openNew();
      const body = randomBytes(20 * MIB);
      const offsets: number[] = [];
      const parts: number[] = [];
      const { etag } = await bucket.putLarge({
        ...largeInput('large.bin', body),
        metadata: { mtime: '1', name: 'groß' },
        readPart: async (offset, length) => {
          offsets.push(offset);
          return body.subarray(offset, offset + length);
        },
        onPart: (bytes) => {
          parts.push(bytes);
        },
      });

      expect(offsets).toEqual([0, 8 * MIB, 16 * MIB]);
      expect(parts.toSorted((a, b) => a - b)).toEqual([4 * MIB, 8 * MIB, 8 * MIB]);
      expect(etag).toMatch(/^[0-9a-f]{32}-3$/);
      const got = await bucket.get('large.bin');
      expect(got.head).toMatchObject({ size: 20 * MIB, etag, metadata: { mtime: '1', name: 'groß' } });
      expect(body.equals(await buffer(got.body))).toBe(true);
      expect(bucket.requests()).toMatchObject({ CreateMultipartUpload: 1, UploadPart: 3, CompleteMultipartUpload: 1 });
    });

    test('a cancel in the middle writes nothing and leaves no unfinished upload', async () => {
      const bucketName = await store().createBucket();
      const bucket = open(bucketName);
      const controller = new AbortController();
      const upload = bucket.putLarge({
        ...largeInput('cancelled', randomBytes(40 * MIB)),
        onPart: () => {
          controller.abort();
        },
        signal: controller.signal,
      });
      await expect(upload).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(await unfinishedUploads(bucketName)).toEqual([]);
      expect(await bucket.head('cancelled')).toBeUndefined();
    });

    test.each(['readPart', 'beforeComplete'] as const)(
      'a throw of %s aborts the upload and is what comes out',
      async (where) => {
        const bucketName = await store().createBucket();
        const bucket = open(bucketName);
        const reason = new Error('the file changed');
        const upload = bucket.putLarge({
          ...largeInput('thrown', randomBytes(9 * MIB)),
          [where]: async () => {
            throw reason;
          },
        });
        await expect(upload).rejects.toBe(reason);
        expect(await unfinishedUploads(bucketName)).toEqual([]);
        expect(await bucket.head('thrown')).toBeUndefined();
      },
    );
  });

  describe('delete', () => {
    test('a key that is not there counts as gone', async () => {
      const bucket = await openNew();
      await putText(bucket, 'there', 'x');
      expect(await bucket.delete(['there', 'not there'])).toEqual([{ key: 'there' }, { key: 'not there' }]);
      expect(await bucket.delete([])).toEqual([]);
    });

    test('a key that is refused is told, and the others are deleted', async () => {
      const bucketName = await store().createBucket();
      const admin = open(bucketName);
      for (const key of ['a', 'kept/b', 'c']) await putText(admin, key, 'x');
      const { server } = store();
      let bucket = admin;
      if (server === undefined) {
        await allowAllButDelete(bucketName, 'kept/*');
        bucket = open(bucketName, { credentials: store().secondUser });
      } else {
        server.fault({ kind: 'key-error', code: 'AccessDenied', match: { key: 'kept/b' } });
      }
      const outcomes = await bucket.delete(['a', 'kept/b', 'c']);
      server?.clearFaults();

      expect(outcomes[0]).toEqual({ key: 'a' });
      expect(outcomes[1]).toMatchObject({
        key: 'kept/b',
        error: { code: 'ACCESS_DENIED', key: 'kept/b', s3Code: 'AccessDenied' },
      });
      expect(outcomes[1]?.error?.message).toContain('s3:DeleteObject');
      expect(outcomes[2]).toEqual({ key: 'c' });
      expect(await listKeys(admin.list(['']))).toEqual(['kept/b']);
    });
  });

  describe('refusals', () => {
    test('a bucket that does not exist is named, by every method', async () => {
      const bucketName = `s3-sync-test-none-${randomBytes(6).toString('hex')}`;
      const bucket = open(bucketName);
      const notFound = { code: 'BUCKET_NOT_FOUND', message: containing(bucketName) };
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject(notFound);
      await expect(putText(bucket, 'k', 'x')).rejects.toMatchObject(notFound);
      await expect(bucket.get('k')).rejects.toMatchObject(notFound);
      await expect(bucket.putLarge(largeInput('k', Buffer.from('x')))).rejects.toMatchObject(notFound);
      await expect(bucket.delete(['k'])).rejects.toMatchObject(notFound);
      // A HEAD has no body to say so: without a second question it would look like an absent file.
      await expect(bucket.head('k')).rejects.toMatchObject(notFound);
    });

    test.each([
      ['an unknown access key', { accessKeyId: 'nobody', secretAccessKey: 'not-a-real-one' }],
      ['a wrong secret', { accessKeyId: 'testadmin', secretAccessKey: 'not-a-real-one' }],
    ])('%s is CREDENTIALS_REJECTED, after one attempt, and no text holds it', async (_, credentials) => {
      const bucket = open(await store().createBucket(), { credentials });
      const error: unknown = await listKeys(bucket.list([''])).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'CREDENTIALS_REJECTED', httpStatus: 403 });
      expect(bucket.requests()).toEqual({ ListObjectsV2: 1 });
      expect(textOf(error)).not.toMatch(/not-a-real-one|nobody|AWS4-HMAC|Signature=/);
    });

    test('someone without rights gets ACCESS_DENIED with the action and the key, never an absence', async () => {
      const bucketName = await store().createBucket();
      await putText(open(bucketName), 'k', 'x');
      const bucket = open(bucketName, { credentials: store().secondUser });
      const denied = (action: string): object => ({ code: 'ACCESS_DENIED', message: containing(action) });
      await expect(listKeys(bucket.list(['']))).rejects.toMatchObject(denied('s3:ListBucket'));
      await expect(bucket.head('k')).rejects.toMatchObject(denied('s3:GetObject for k'));
      await expect(bucket.head('absent')).rejects.toMatchObject(denied('s3:GetObject for absent'));
      await expect(bucket.get('k')).rejects.toMatchObject(denied('s3:GetObject for k'));
      await expect(putText(bucket, 'k', 'y')).rejects.toMatchObject(denied('s3:PutObject for k'));
      await expect(bucket.putLarge(largeInput('k', Buffer.from('y')))).rejects.toMatchObject(
        denied('s3:PutObject for k'),
      );
    });

    test('nothing is sent once the signal is aborted', async () => {
      const bucket = await openNew();
      const signal = AbortSignal.abort();
      const cancelled = { code: 'CANCELLED' };
      await expect(listKeys(bucket.list([''], signal))).rejects.toMatchObject(cancelled);
      await expect(bucket.head('k', signal)).rejects.toMatchObject(cancelled);
      await expect(bucket.get('k', signal)).rejects.toMatchObject(cancelled);
      await expect(bucket.delete(['k'], signal)).rejects.toMatchObject(cancelled);
      await expect(bucket.putLarge({ ...largeInput('k', Buffer.from('x')), signal })).rejects.toMatchObject(cancelled);
      expect(bucket.requests()).toEqual({});
    });
  });

  test('objects that others wrote in parts or without metadata are read like any other', async () => {
    const bucketName = await store().createBucket();
    const client = store().client();
    await client.send(
      new PutObjectCommand({ Bucket: bucketName, Key: 'foreign', Body: 'x', Metadata: { note: '50%' } }),
    );
    client.destroy();
    const head = await open(bucketName).head('foreign');
    expect(head).toMatchObject({ size: 1, metadata: { note: '50%' } });
  });

  /** Anyone may do anything, but delete what the pattern names. */
  async function allowAllButDelete(bucketName: string, pattern: string): Promise<void> {
    const resources = [`arn:aws:s3:::${bucketName}`, `arn:aws:s3:::${bucketName}/*`];
    const client = store().client();
    await client.send(
      new PutBucketPolicyCommand({
        Bucket: bucketName,
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:*'], Resource: resources },
            {
              Effect: 'Deny',
              Principal: { AWS: ['*'] },
              Action: ['s3:DeleteObject'],
              Resource: [`arn:aws:s3:::${bucketName}/${pattern}`],
            },
          ],
        }),
      }),
    );
    client.destroy();
  }
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

/** Everything that a log might print of an error. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), textOf(error.cause ?? '')].join('\n');
}
