import { setTimeout as sleep } from 'node:timers/promises';
import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type _Object } from '@aws-sdk/client-s3';
import { compareKeys } from '../compareKeys';
import { SyncError } from '../SyncError';
import type { RemoteObject } from './Bucket';
import type { S3Connection } from './S3Connection';

/** Times a page is asked for when what came cannot be trusted. */
const PAGE_TRIES = 3;
/** Milliseconds between two of these. */
const PAGE_RETRY_MS = 200;

export interface ListOptions {
  /** Throw `LISTING_OUT_OF_ORDER` unless keys come strictly ascending. */
  ordered: boolean;
  /** Keys in a page; the store's own number (1,000) if absent. */
  pageSize?: number;
  signal?: AbortSignal;
}

interface Page {
  objects: RemoteObject[];
  /** Where the next page begins; `undefined` on the last. */
  next: string | undefined;
}

/**
 * Lists the objects below each of the prefixes, one page ahead of the caller.
 *
 * A page is taken only if it is whole: a short list read as the full one would look like deleted files.
 *
 * @throws {SyncError} `LISTING_INCOMPLETE`, `LISTING_OUT_OF_ORDER`, or what the request ended with.
 */
export async function* listObjects(
  connection: S3Connection,
  prefixes: readonly string[],
  { ordered, pageSize, signal }: ListOptions,
): AsyncGenerator<RemoteObject[], void, undefined> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let last: string | undefined;
  try {
    for (const prefix of prefixes) {
      for await (const { objects } of pagesOf(connection, prefix, pageSize, either)) {
        if (ordered) last = requireOrder(objects, last);
        if (objects.length > 0) yield objects;
      }
    }
  } finally {
    // A caller that stops early leaves a page on its way.
    stop.abort();
  }
}

async function* pagesOf(
  connection: S3Connection,
  prefix: string,
  pageSize: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Page, void, undefined> {
  const tokens = new Set<string>();
  let coming: Promise<Page> | undefined = readPage(connection, prefix, undefined, tokens, pageSize, signal);
  while (coming !== undefined) {
    const page: Page = await coming;
    if (page.next === undefined) {
      coming = undefined;
    } else {
      tokens.add(page.next);
      coming = readPage(connection, prefix, page.next, tokens, pageSize, signal);
      // Its error is thrown when the page is awaited; until then nobody listens.
      coming.catch(() => undefined);
    }
    yield page;
  }
}

/** Asks for one page until it is whole, a few times. */
async function readPage(
  connection: S3Connection,
  prefix: string,
  token: string | undefined,
  seenTokens: ReadonlySet<string>,
  pageSize: number | undefined,
  signal: AbortSignal,
): Promise<Page> {
  for (let tries = 1; ; tries++) {
    const answer = await requestPage(connection, prefix, token, pageSize, signal);
    try {
      return parsePage(answer, connection.prefix, prefix, seenTokens);
    } catch (error) {
      if (tries === PAGE_TRIES) throw error;
    }
    await connection.attempt({ action: 's3:ListBucket', signal }, () => sleep(PAGE_RETRY_MS, undefined, { signal }));
  }
}

async function requestPage(
  connection: S3Connection,
  prefix: string,
  token: string | undefined,
  pageSize: number | undefined,
  signal: AbortSignal,
): Promise<ListObjectsV2CommandOutput> {
  try {
    return await connection.send(
      { action: 's3:ListBucket', signal },
      new ListObjectsV2Command({
        Bucket: connection.bucketName,
        Prefix: connection.prefix + prefix,
        ContinuationToken: token,
        EncodingType: 'url',
        MaxKeys: pageSize,
      }),
    );
  } catch (error) {
    // An answer of 200 that cannot be read, however often it was asked for.
    if (error instanceof SyncError && error.code === 'STORE_ERROR' && error.httpStatus === 200) {
      throw incomplete('a page cannot be read');
    }
    throw error;
  }
}

/** @throws {SyncError} `LISTING_INCOMPLETE` when anything in the page does not add up. */
function parsePage(
  answer: ListObjectsV2CommandOutput,
  bucketPrefix: string,
  prefix: string,
  seenTokens: ReadonlySet<string>,
): Page {
  const { Contents: contents = [], IsTruncated: truncated, KeyCount: count, NextContinuationToken: next } = answer;
  if (truncated === undefined) throw incomplete('an answer came that is not a listing');
  if (count !== undefined && count !== contents.length) {
    throw incomplete(`a page announced ${count} keys and held ${contents.length}`);
  }
  if (truncated && (next === undefined || next === '')) throw incomplete('a page named no next page');
  if (truncated && next !== undefined && seenTokens.has(next)) throw incomplete('a page led back to an earlier one');

  const encoded = answer.EncodingType === 'url';
  const objects: RemoteObject[] = [];
  for (const content of contents) {
    const object = toRemoteObject(content, encoded, bucketPrefix, prefix);
    // The marker that some tools make for the folder of the prefix itself is no file below it.
    if (object.key !== '') objects.push(object);
  }
  return { objects, next: truncated ? next : undefined };
}

function toRemoteObject(content: _Object, encoded: boolean, bucketPrefix: string, prefix: string): RemoteObject {
  const { Key: rawKey, Size: size, ETag: etag = '', LastModified: lastModified } = content;
  if (rawKey === undefined || size === undefined || lastModified === undefined) {
    throw incomplete('an entry lacks its key, size or date');
  }
  const key = encoded ? decodeListedKey(rawKey) : rawKey;
  if (!key.startsWith(bucketPrefix + prefix)) throw incomplete(`${key} is not below the prefix that was asked for`);
  return {
    key: key.slice(bucketPrefix.length),
    size,
    etag: etag.replaceAll('"', ''),
    lastModifiedMs: lastModified.getTime(),
  };
}

/** With `encoding-type=url` stores write a blank as `+` or `%20`, and a plus always as `%2B`. */
function decodeListedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw incomplete(`the key ${key} is not UTF-8`);
  }
}

/** @returns the last key of the page. */
function requireOrder(objects: readonly RemoteObject[], before: string | undefined): string | undefined {
  let last = before;
  for (const { key } of objects) {
    if (last !== undefined && compareKeys(last, key) >= 0) {
      throw new SyncError('LISTING_OUT_OF_ORDER', {
        message: `The store listed ${key} after ${last}, which is not in order.`,
        fix: 'Nothing needs to be done: the listing is sorted on this server.',
        key,
      });
    }
    last = key;
  }
  return last;
}

function incomplete(what: string): SyncError {
  return new SyncError('LISTING_INCOMPLETE', {
    message: `The listing of the bucket cannot be trusted: ${what}.`,
    fix: 'Run the sync again. If it stays so, ask the operator of the store; nothing is deleted meanwhile.',
  });
}
