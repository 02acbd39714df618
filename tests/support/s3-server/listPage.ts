import { encoderFor } from './encoderFor';
import type { FaultAction } from './Faults';
import type { StoredBucket, StoredObject } from './ObjectStore';
import { S3ServerError } from './S3ServerError';
import { buildXml } from './xml';

const MAX_KEYS = 1_000;
/** Decodes to nothing, and so begins at the first key. */
const START_TOKEN = '_';

interface Page {
  objects: StoredObject[];
  commonPrefixes: string[];
  /** Last key or common prefix of the page, if more follow. */
  last: string | undefined;
}

/** The answer to ListObjectsV2, with a fault in it if one is given. */
export function listPageV2(bucket: StoredBucket, query: Map<string, string>, fault: FaultAction | undefined): Buffer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = readMaxKeys(query);
  const token = query.get('continuation-token');
  const after = token === undefined ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const page = readPage(bucket, prefix, delimiter, maxKeys, after);
  const encode = encoderFor(query);

  let { objects } = page;
  let next = page.last === undefined ? undefined : Buffer.from(page.last).toString('base64url');
  let truncated = next !== undefined;
  const count = objects.length + page.commonPrefixes.length;
  if (fault?.kind === 'unsorted-page') objects = objects.toReversed();
  if (fault?.kind === 'short-page') objects = objects.slice(0, -1);
  if (fault?.kind === 'truncated-page') [truncated, next] = [true, undefined];
  if (fault?.kind === 'repeated-page') [truncated, next] = [true, token ?? START_TOKEN];

  return buildXml('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    ...(delimiter === '' ? {} : { Delimiter: encode(delimiter) }),
    ...(query.has('start-after') ? { StartAfter: encode(query.get('start-after') ?? '') } : {}),
    ...(query.get('encoding-type') === 'url' ? { EncodingType: 'url' } : {}),
    KeyCount: count,
    MaxKeys: maxKeys,
    IsTruncated: truncated,
    ...(token === undefined ? {} : { ContinuationToken: token }),
    ...(next === undefined ? {} : { NextContinuationToken: next }),
    Contents: objects.map((object) => contentOf(object, encode)),
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

/** The answer to the older ListObjects, which `rclone` asks stores it does not know. */
export function listPageV1(bucket: StoredBucket, query: Map<string, string>): Buffer {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = readMaxKeys(query);
  const marker = query.get('marker') ?? '';
  const { objects, commonPrefixes, last } = readPage(bucket, prefix, delimiter, maxKeys, marker);
  const encode = encoderFor(query);
  return buildXml('ListBucketResult', {
    Name: bucket.name,
    Prefix: encode(prefix),
    Marker: encode(marker),
    ...(delimiter === '' ? {} : { Delimiter: encode(delimiter) }),
    ...(query.get('encoding-type') === 'url' ? { EncodingType: 'url' } : {}),
    MaxKeys: maxKeys,
    IsTruncated: last !== undefined,
    ...(last === undefined ? {} : { NextMarker: encode(last) }),
    Contents: objects.map((object) => contentOf(object, encode)),
    CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

function readPage(bucket: StoredBucket, prefix: string, delimiter: string, maxKeys: number, after: string): Page {
  const objects: StoredObject[] = [];
  const commonPrefixes: string[] = [];
  let last: string | undefined;
  for (const key of bucket.keys.from(Buffer.compare(Buffer.from(after), Buffer.from(prefix)) > 0 ? after : prefix)) {
    if (!key.startsWith(prefix)) break;
    if (after !== '' && (key === after || (delimiter !== '' && after.endsWith(delimiter) && key.startsWith(after))))
      continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && common === commonPrefixes.at(-1)) continue;
    if (objects.length + commonPrefixes.length === maxKeys) return { objects, commonPrefixes, last };
    const object = bucket.get(key);
    if (common !== undefined) commonPrefixes.push(common);
    else if (object !== undefined) objects.push(object);
    last = common ?? key;
  }
  return { objects, commonPrefixes, last: undefined };
}

function contentOf(object: StoredObject, encode: (text: string) => string): object {
  return {
    Key: encode(object.key),
    LastModified: new Date(object.lastModifiedMs).toISOString(),
    ETag: `"${object.etag}"`,
    Size: object.size,
    StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

function readMaxKeys(query: Map<string, string>): number {
  const maxKeys = Number(query.get('max-keys') ?? MAX_KEYS);
  if (!Number.isInteger(maxKeys) || maxKeys < 0)
    throw new S3ServerError('InvalidArgument', 400, 'max-keys is not a number.');
  return Math.min(maxKeys, MAX_KEYS);
}
