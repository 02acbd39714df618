/**
 * A store that only lists, in a process of its own: each page is made when it is asked for, so that the store needs no
 * memory for a million objects. `lister.ts <total> <folders>`; tells its port as a message.
 */
import { createServer } from 'node:http';
import { z } from 'zod';
import { buildXml } from '../../tests/support/s3-server/xml';
import { keyAt } from './keyAt';

const PAGE = 1_000;
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const [total = 0, folders = 1] = process.argv.slice(2).map(Number);

function pageFrom(from: number, end: number): Buffer {
  const to = Math.min(end, from + PAGE);
  return buildXml('ListBucketResult', {
    Name: 'bench',
    KeyCount: to - from,
    MaxKeys: PAGE,
    IsTruncated: to < end,
    ...(to < end ? { NextContinuationToken: String(to) } : {}),
    Contents: Array.from({ length: to - from }, (_, index) => ({
      Key: keyAt(from + index, total, folders),
      LastModified: '2026-01-01T00:00:00.000Z',
      ETag: `"${EMPTY_MD5}"`,
      Size: 0,
      StorageClass: 'STANDARD',
    })),
  });
}

const server = createServer((asked, answer) => {
  asked.resume();
  const { searchParams, pathname } = new URL(asked.url ?? '/', 'http://localhost');
  if (asked.method === 'PUT') answer.setHeader('etag', `"${EMPTY_MD5}"`).end();
  else if (!searchParams.has('list-type'))
    answer.writeHead(404).end(pathname.endsWith('owner') ? buildXml('Error', { Code: 'NoSuchKey' }) : undefined);
  else if (searchParams.get('prefix')?.startsWith('uploads') === true)
    answer.end(pageFrom(Number(searchParams.get('continuation-token') ?? 0), total));
  else answer.end(pageFrom(0, 0));
});
server.listen(0, '127.0.0.1', () => {
  process.send?.(z.object({ port: z.number() }).parse(server.address()));
});
process.once('disconnect', () => {
  process.exit();
});
