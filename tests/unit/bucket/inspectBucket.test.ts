import { createServer, type IncomingMessage, type Server } from 'node:http';
import { z } from 'zod';
import { openInspection, type BucketInspection } from '../../../server/src/sync/bucket/inspectBucket';

describe('the inspection of a bucket', () => {
  let server: Server;
  let inspection: BucketInspection;
  let requests: IncomingMessage[];
  let answer: { status: number; body: string };

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      response.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    inspection = openInspection({
      bucketName: 'my-bucket',
      awsRegion: 'us-east-1',
      prefix: 'site',
      endpoint: `http://127.0.0.1:${port}`,
      forcePathStyle: true,
      concurrency: 1,
      maxAttempts: 1,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });
  beforeEach(() => {
    requests = [];
  });
  afterAll(async () => {
    inspection.close();
    await new Promise((resolve) => server.close(resolve));
  });

  test.each([
    [200, true],
    [403, false],
    [401, false],
    [404, undefined],
    [500, undefined],
  ])('an object is asked for without a signature, and %i means %s', async (status, expected) => {
    answer = { status, body: '' };
    expect(await inspection.isReadableByAnyone('.s3-sync/test')).toBe(expected);
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'HEAD', url: '/my-bucket/site/.s3-sync/test' });
    expect(requests[0]?.headers).not.toHaveProperty('authorization');
  });

  test.each([
    ['<Status>Enabled</Status>', 'on'],
    ['<Status>Suspended</Status>', 'suspended'],
    ['', 'off'],
  ])('versioning %s is told as %s', async (status, expected) => {
    answer = { status: 200, body: `<VersioningConfiguration>${status}</VersioningConfiguration>` };
    expect(await inspection.versioning()).toBe(expected);
    expect(requests[0]?.headers).toHaveProperty('authorization');
  });

  test('versioning that these credentials may not see is not known, and is no error', async () => {
    answer = { status: 403, body: '' };
    expect(await inspection.versioning()).toBeUndefined();
  });
});
