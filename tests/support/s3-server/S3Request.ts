import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** The S3 operations the server knows, by their names in the API. */
export type Operation =
  | 'ListBuckets'
  | 'CreateBucket'
  | 'DeleteBucket'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'GetBucketVersioning'
  | 'ListObjects'
  | 'ListObjectsV2'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'Unknown';

/** A request taken apart, its path as it came: `..` and `//` are parts of keys and not resolved. */
export interface S3Request {
  operation: Operation;
  method: string;
  bucket: string;
  key: string;
  /** Path as sent, still encoded. */
  rawPath: string;
  query: Map<string, string>;
  headers: IncomingHttpHeaders;
}

/**
 * Takes a request apart.
 *
 * @param domain host below which a subdomain is a bucket (virtual-host style).
 */
export function parseRequest(message: IncomingMessage, domain: string): S3Request {
  const url = message.url ?? '/';
  const [rawPath, rawQuery = ''] = splitOnce(url, '?');
  const query = parseQuery(rawQuery);
  const method = message.method ?? 'GET';
  const host = (message.headers.host ?? '').replace(/:\d+$/, '');
  const virtual = host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : undefined;
  const path = rawPath.slice(1);
  const [first, rest] = virtual === undefined ? splitOnce(path, '/') : [virtual, path];
  const bucket = decodeURIComponent(first);
  const key = decodeURIComponent(rest ?? '');
  const operation = operationOf(method, bucket, key, query);
  return { operation, method, bucket, key, rawPath, query, headers: message.headers };
}

function operationOf(method: string, bucket: string, key: string, query: Map<string, string>): Operation {
  if (bucket === '') return method === 'GET' ? 'ListBuckets' : 'Unknown';
  return key === '' ? bucketOperation(method, query) : objectOperation(method, query);
}

function bucketOperation(method: string, query: Map<string, string>): Operation {
  if (method === 'PUT') return 'CreateBucket';
  if (method === 'DELETE') return 'DeleteBucket';
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'POST') return query.has('delete') ? 'DeleteObjects' : 'Unknown';
  if (method !== 'GET') return 'Unknown';
  if (query.has('location')) return 'GetBucketLocation';
  if (query.has('versioning')) return 'GetBucketVersioning';
  if (query.has('uploads')) return 'ListMultipartUploads';
  return query.get('list-type') === '2' ? 'ListObjectsV2' : 'ListObjects';
}

function objectOperation(method: string, query: Map<string, string>): Operation {
  const upload = query.has('uploadId');
  if (method === 'PUT') return upload ? 'UploadPart' : 'PutObject';
  if (method === 'GET') return upload ? 'Unknown' : 'GetObject';
  if (method === 'HEAD') return 'HeadObject';
  if (method === 'DELETE') return upload ? 'AbortMultipartUpload' : 'DeleteObject';
  if (method !== 'POST') return 'Unknown';
  if (query.has('uploads')) return 'CreateMultipartUpload';
  return upload ? 'CompleteMultipartUpload' : 'Unknown';
}

function parseQuery(rawQuery: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const [name, value = ''] = splitOnce(pair, '=');
    query.set(decodeURIComponent(name), decodeURIComponent(value));
  }
  return query;
}

function splitOnce(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index === -1 ? [text] : [text.slice(0, index), text.slice(index + separator.length)];
}
