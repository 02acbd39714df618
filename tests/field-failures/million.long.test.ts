import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { z } from 'zod';
import { startInProjectStore } from '../support/stores';
import { SyncedDirectory } from '../support/SyncedDirectory';
import { tell } from './support/tell';

const KEYS = 1_000_000;
const PAGE = 1_000;
const MIB = 1024 * 1024;

/** Sizes at which tools that hold everything in memory end. */
describe('A great many files [in-project]', () => {
  test('a listing of 1,000,000 keys is read page by page, in memory that stays small, and nothing of it is deleted', async () => {
    const lister = await startLister();
    const store = await startInProjectStore();
    const address = z.object({ port: z.number() }).parse(lister.server.address());
    const site = await SyncedDirectory.create(store, { bucket: { endpoint: `http://127.0.0.1:${address.port}` } });
    await site.write('uploads/here.txt', 'here');
    const before = process.memoryUsage().rss;
    let highest = before;
    const timer = setInterval(() => {
      highest = Math.max(highest, process.memoryUsage().rss);
    }, 100);
    const run = await site.run();
    clearInterval(timer);
    lister.server.close();
    await site.dispose();
    await store.server.close();
    expect(run).toMatchObject({ status: 'refused', withheld: KEYS, deletedRemote: 0 });
    expect(run.requests.ListObjectsV2).toBeGreaterThanOrEqual(KEYS / PAGE);
    expect(lister.deletes()).toBe(0);
    const told = tell(run);
    expect(told.exitCode).toBe(3);
    expect(told.text).toContain('1,000,000 deletes withheld');
    expect((highest - before) / MIB).toBeLessThan(400);
  }, 1_800_000);

  test('100,000 files in one folder go up, and a second run reads their names alone', async () => {
    const store = await startInProjectStore();
    const site = await SyncedDirectory.create(store);
    for (let index = 0; index < 100_000; index++) await site.write(`uploads/one/${index}.txt`, String(index));
    expect(await site.run()).toMatchObject({ status: 'done', uploaded: 100_000, failed: 0 });
    const again = await site.run();
    expect(again).toMatchObject({ status: 'done', uploaded: 0, unchanged: 100_000 });
    expect(Object.keys(again.requests)).toEqual(['ListObjectsV2']);
    await site.dispose();
    await store.server.close();
  }, 1_800_000);
});

/** A store that only lists: its pages are made as they are asked for. */
async function startLister(): Promise<{ server: Server; deletes: () => number }> {
  let deletes = 0;
  const server = createServer((message, response) => {
    message.resume();
    const { searchParams } = new URL(message.url ?? '/', 'http://localhost');
    if (message.method === 'POST' || message.method === 'DELETE') deletes += 1;
    response.setHeader('content-type', 'application/xml');
    if (message.method !== 'GET') response.setHeader('etag', '"0123456789abcdef0123456789abcdef"').end();
    else if (searchParams.get('prefix')?.startsWith('.s3-sync') === true) response.end(pageOf(0, 0));
    else response.end(pageOf(Number(searchParams.get('continuation-token') ?? '0'), KEYS));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, deletes: () => deletes };
}

function pageOf(from: number, total: number): string {
  const to = Math.min(total, from + PAGE);
  const contents: string[] = [];
  for (let index = from; index < to; index++) {
    const key = `uploads/${String(index).padStart(9, '0')}.txt`;
    contents.push(
      `<Contents><Key>${key}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>` +
        `<ETag>"0123456789abcdef0123456789abcdef"</ETag><Size>5</Size></Contents>`,
    );
  }
  const isLast = to >= total;
  const next = isLast ? '' : `<NextContinuationToken>${to}</NextContinuationToken>`;
  return (
    `<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>${to - from}</KeyCount><MaxKeys>${PAGE}</MaxKeys>` +
    `<IsTruncated>${!isLast}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`
  );
}
