import type { IncomingMessage } from 'node:http';
import type { Answer } from './answerRequest';
import type { ObjectStore, StoredBucket } from './ObjectStore';

const LOOPBACK_ADDRESSES = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;
/** Shown objects come from anyone who can write to the bucket: they run no script. */
const SANDBOX = "sandbox; default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'";

/** Where the pages are. No bucket can have this name. */
export const BROWSE_PATH = '/_browse/';

/**
 * Pages to look into the buckets with a browser, read only and without a login; for this machine alone.
 *
 * `/_browse/` names the buckets, `/_browse/<bucket>/` its objects, `/_browse/<bucket>/<key>` is an object.
 */
export async function browsePage(message: IncomingMessage, store: ObjectStore): Promise<Answer> {
  // The Host header is looked at too, so that no page of another site can read these through a name it controls.
  const local =
    LOOPBACK_ADDRESSES.has(message.socket.remoteAddress ?? '') && LOOPBACK_HOST.test(message.headers.host ?? '');
  if (!local || message.method !== 'GET') return page(403, 'Only for this machine', '');
  const path = (message.url ?? '').slice(BROWSE_PATH.length).split('?', 1)[0] ?? '';
  if (path === '') return page(200, 'Buckets', bucketList(store));
  const slash = path.indexOf('/');
  const bucket = store.bucket(decodeURIComponent(slash === -1 ? path : path.slice(0, slash)));
  if (bucket === undefined) return page(404, 'No such bucket', '');
  const key = slash === -1 ? '' : decodeURIComponent(path.slice(slash + 1));
  return key === '' ? page(200, bucket.name, objectTable(bucket)) : objectAnswer(bucket, key);
}

async function objectAnswer(bucket: StoredBucket, key: string): Promise<Answer> {
  const object = bucket.get(key);
  if (object === undefined) return page(404, 'No such object', '');
  const headers = {
    'content-type': object.headers['content-type'] ?? 'application/octet-stream',
    'content-security-policy': SANDBOX,
    'x-content-type-options': 'nosniff',
  };
  return { status: 200, headers, body: await bucket.body(object) };
}

function bucketList(store: ObjectStore): string {
  const rows = store.buckets().map(({ name, keys }) => {
    return `<tr><td><a href="${BROWSE_PATH}${encodeURIComponent(name)}/">${escapeHtml(name)}</a></td><td>${keys.size}</td></tr>`;
  });
  return `<table><tr><th>Bucket</th><th>Objects</th></tr>${rows.join('')}</table>`;
}

function objectTable(bucket: StoredBucket): string {
  const rows: string[] = [];
  let bytes = 0;
  for (const key of bucket.keys.from('')) {
    const object = bucket.get(key);
    if (object === undefined) continue;
    bytes += object.size;
    const href = `${BROWSE_PATH}${encodeURIComponent(bucket.name)}/${encodeURIComponent(key)}`;
    const time = new Date(object.lastModifiedMs).toISOString();
    rows.push(`<tr><td><a href="${href}">${escapeHtml(key)}</a></td><td>${object.size}</td><td>${time}</td></tr>`);
  }
  const head = '<tr><th>Key</th><th>Bytes</th><th>Last modified</th></tr>';
  return `<p>${rows.length} objects, ${bytes} bytes.</p><table>${head}${rows.join('')}</table>`;
}

function page(status: number, title: string, content: string): Answer {
  const style =
    'body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}' +
    'th,td{text-align:left;padding:.3rem 1rem .3rem 0;border-bottom:1px solid #ddd}td:nth-child(2){text-align:right}';
  const html =
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">' +
    `<title>${escapeHtml(title)}</title><style>${style}</style><h1>${escapeHtml(title)}</h1>${content}</html>`;
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': SANDBOX,
      'cache-control': 'no-store',
    },
    body: Buffer.from(html),
  };
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
