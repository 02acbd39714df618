import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectHead } from '../sync/bucket/Bucket';
import { errorCode } from '../sync/errorCode';
import { modificationTimeMs } from '../sync/modificationTime';
import type { Arrival, ArrivalEnd } from './Arrival';
import type { KnownFiles } from './KnownFiles';
import { parseRange } from './parseRange';
import { ANSWER_MS, PENDING_MS, type ReadThrough } from './ReadThrough';
import type { Serving, ServingSettings } from './Serving';

/** A file that is here waits for its ETag no longer than this, in ms. */
const LEARN_MS = 200;

/** What is used of a request of Koa and its answer. */
export interface ServedContext {
  method: string;
  /** The path of the URL, as it was sent. */
  path: string;
  status: number;
  body: unknown;
  length: number | undefined;
  type: string;
  req: { headers: Record<string, string | string[] | undefined> };
  res: { destroy(): unknown; headersSent: boolean };
  response: { get(name: string): string };
  get(name: string): string;
  set(name: string, value: string): void;
  remove(name: string): void;
}

type Next = () => Promise<unknown>;

export interface MiddlewareParts {
  settings: Pick<ServingSettings, 'current'>;
  readThrough: Pick<ReadThrough, 'request' | 'tellLate'>;
  known: Pick<KnownFiles, 'look' | 'learn'>;
}

const UPLOADS = '/uploads/';

/** Separators and NUL that hide in an escape would mean another file than the path shows. */
const HIDDEN = /%2f|%5c|%00|\\/i;

/** Seconds after which a client may ask again for a file that is not in the bucket yet. */
const RETRY_AFTER = '2';

/**
 * Stands before Strapi's own serving of `/uploads/`. A file that is here is left to Strapi, and gets an ETag; one that is
 * missing is fetched from the bucket first.
 */
export function readThroughMiddleware({ settings, readThrough, known }: MiddlewareParts) {
  return async (ctx: ServedContext, next: Next): Promise<void> => {
    if ((ctx.method !== 'GET' && ctx.method !== 'HEAD') || !ctx.path.startsWith(UPLOADS)) {
      await next();
      return;
    }
    const serving = await settings.current();
    const key = serving?.readThrough === true ? keyOfPath(serving, ctx.path) : undefined;
    if (serving === undefined || key === undefined) {
      await next();
    } else if (await isHere(serving, key)) {
      await serveLocal(ctx, next, serving, key, known);
    } else {
      await serveMissing(ctx, next, serving, key, { readThrough, known });
    }
  };
}

function keyOfPath(serving: Serving, path: string): string | undefined {
  if (HIDDEN.test(path)) return undefined;
  try {
    return serving.keyOf(decodeURIComponent(path.slice(UPLOADS.length)));
  } catch {
    return undefined;
  }
}

/** Only what is surely absent is fetched. */
async function isHere({ directory }: Serving, key: string): Promise<boolean> {
  try {
    await stat(join(directory, key));
    return true;
  } catch (error) {
    return errorCode(error) !== 'ENOENT';
  }
}

async function serveMissing(
  ctx: ServedContext,
  next: Next,
  serving: Serving,
  key: string,
  { readThrough, known }: Omit<MiddlewareParts, 'settings'>,
): Promise<void> {
  const arrival = readThrough.request(serving, key);
  const settled = await settle(arrival);
  if (typeof settled === 'object') {
    sendArriving(ctx, key, arrival, settled);
    return;
  }
  switch (settled) {
    case 'here':
      await serveLocal(ctx, next, serving, key, known);
      return;
    case 'pending':
      ctx.status = 503;
      ctx.set('Retry-After', RETRY_AFTER);
      ctx.set('Cache-Control', 'no-store');
      ctx.body = {
        data: null,
        error: { status: 503, name: 'ServiceUnavailableError', message: 'The file is on its way.', details: {} },
      };
      return;
    case 'late':
      readThrough.tellLate(key);
      await sendUnavailable(ctx, next);
      return;
    case 'unavailable':
      await sendUnavailable(ctx, next);
      return;
    case 'unknown':
      await next();
  }
}

/** 404, unless the file has come at the last moment; nobody may remember that it was not there. */
async function sendUnavailable(ctx: ServedContext, next: Next): Promise<void> {
  await next();
  ctx.set('Cache-Control', 'no-store');
}

/**
 * A client waits no longer than it was promised, whatever the download does: counted from its request on, with all that
 * comes before the store is asked.
 */
async function settle(arrival: Arrival): Promise<ArrivalEnd | ObjectHead | 'late'> {
  const stopped = new AbortController();
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal: stopped.signal, ref: false });
  const late = async (): Promise<'late'> => {
    await wait(ANSWER_MS);
    if (arrival.isAwaited) {
      // The store said that it does not have the file yet: it is looked for again and again, until it begins to come.
      await arrival.begun;
      await wait(ANSWER_MS);
    }
    return 'late';
  };
  const pending = async (): Promise<'pending'> => {
    await wait(PENDING_MS);
    return 'pending';
  };
  try {
    return await Promise.race([arrival.settled(), late().catch(never), pending().catch(never)]);
  } finally {
    stopped.abort();
  }
}

/** What ended is waited for no more. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Leaves a file that is here to Strapi, with what Strapi lacks: an ETag that all servers share, and what follows of it. */
async function serveLocal(
  ctx: ServedContext,
  next: Next,
  serving: Serving,
  key: string,
  known: MiddlewareParts['known'],
): Promise<void> {
  if (known.look(serving, key).kind === 'ask') await learnSoon(known, serving, key);
  const look = known.look(serving, key);
  const etag = look.kind === 'known' ? `"${look.md5}"` : undefined;
  const ifRange = ctx.get('If-Range');
  // A part of another version must not be joined to the parts that the client has.
  if (ifRange !== '' && ifRange !== etag) delete ctx.req.headers.range;
  if (etag === undefined) {
    await next();
    return;
  }
  if (namesEtag(ctx.get('If-None-Match'), etag)) {
    ctx.status = 304;
    ctx.set('ETag', etag);
    return;
  }
  await next();
  const isWhole = ctx.response.get('Content-Encoding') === '';
  if ((ctx.status === 200 || ctx.status === 206) && isWhole) ctx.set('ETag', etag);
}

/** Learning goes on beside the answer where it takes longer: a file that is here does not hang on the database. */
async function learnSoon(known: MiddlewareParts['known'], serving: Serving, key: string): Promise<void> {
  const learnt = new AbortController();
  const tooLong = sleep(LEARN_MS, undefined, { signal: learnt.signal, ref: false }).catch(() => undefined);
  await Promise.race([known.learn(serving, [key]), tooLong]).finally(() => {
    learnt.abort();
  });
}

function namesEtag(ifNoneMatch: string, etag: string): boolean {
  const named = ifNoneMatch.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return named.includes(etag) || named.includes('*');
}

/** Passes a large file on while it arrives. */
function sendArriving(ctx: ServedContext, key: string, arrival: Arrival, head: ObjectHead): void {
  const { size } = head;
  // No ETag is known yet, so whatever version `If-Range` names cannot be compared: the whole is always right.
  const range = ctx.get('If-Range') === '' ? parseRange(ctx.get('Range'), size) : undefined;
  const { first, last } = range ?? { first: 0, last: size - 1 };
  ctx.status = range === undefined ? 200 : 206;
  ctx.type = extname(key);
  ctx.set('Accept-Ranges', 'bytes');
  ctx.set('Last-Modified', new Date(modificationTimeMs(head)).toUTCString());
  ctx.set('Cache-Control', 'max-age=0');
  if (range !== undefined) ctx.set('Content-Range', `bytes ${first}-${last}/${size}`);
  if (ctx.method === 'GET') ctx.body = endingWith(ctx, arrival.read(first, last));
  // After the body: a stream takes the length away.
  ctx.length = last - first + 1;
}

/** After the headers Koa leaves a broken answer open: the client would wait for the rest for ever. */
function endingWith(ctx: ServedContext, body: Readable): Readable {
  return body.once('error', () => {
    if (ctx.res.headersSent) ctx.res.destroy();
  });
}
