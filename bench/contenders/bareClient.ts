import { createHash, createHmac } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import path from 'node:path';
import type { Job } from '../Job';
import { measureJob } from './measureJob';

const PARALLEL = 16;
const UNSIGNED = 'UNSIGNED-PAYLOAD';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The same PUTs or GETs with the least that S3 asks for: one signature, one keep-alive connection for each worker. */
void measureJob(async (job) => {
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
  const folder = path.join(job.directory, 'uploads');
  const names = job.direction === 'up' ? namesIn(folder) : namesInBucket(job, agent);
  const worker = async () => {
    for (let next = await names.next(); next.done !== true; next = await names.next()) {
      const file = path.join(folder, next.value);
      const target = `/${job.bucket}/uploads/${next.value}`;
      if (job.direction === 'up') await send(job, agent, 'PUT', target, '', await readFile(file));
      else await writeFile(file, await send(job, agent, 'GET', target, ''));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  agent.destroy();
});

async function* namesIn(folder: string): AsyncGenerator<string> {
  // `opendir` of Node 20 loses entries of folders below.
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) yield path.relative(folder, path.join(entry.parentPath, entry.name));
  }
}

/** The first page of a thousand is all this reads at a time. */
async function* namesInBucket(job: Job, agent: Agent): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const query = `list-type=2&prefix=uploads%2F&start-after=${encodeURIComponent(after)}`;
    const page = (await send(job, agent, 'GET', `/${job.bucket}`, query)).toString();
    const keys = [...page.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
    for (const key of keys) yield key.slice('uploads/'.length);
    after = keys.at(-1) ?? '';
    if (!page.includes('<IsTruncated>true</IsTruncated>')) return;
  }
}

function send(job: Job, agent: Agent, method: string, target: string, query: string, body?: Buffer): Promise<Buffer> {
  const { hostname, port, host } = new URL(job.endpoint);
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const headers = `host:${host}\nx-amz-content-sha256:${UNSIGNED}\nx-amz-date:${date}\n`;
  const names = 'host;x-amz-content-sha256;x-amz-date';
  const sorted = query.split('&').sort().join('&');
  const canonical = [method, target, sorted, headers, names, UNSIGNED].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const { accessKeyId, secretAccessKey } = job.credentials;
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        hostname,
        port,
        method,
        path: query === '' ? target : `${target}?${sorted}`,
        agent,
        headers: {
          host,
          'x-amz-content-sha256': UNSIGNED,
          'x-amz-date': date,
          authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(Buffer.concat(chunks));
          else reject(new Error(`${method} ${target}: ${answer.statusCode ?? 0}`));
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
