import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Fault, Faults } from './Faults';
import { listPageV1, listPageV2 } from './listPage';
import { listUploads } from './listUploads';
import { addPart, joinParts, type MultipartUploads } from './MultipartUploads';
import type { ObjectStore, StoredBucket, StoredObject } from './ObjectStore';
import type { S3Request } from './S3Request';
import { S3ServerError } from './S3ServerError';
import type { Signer } from './verifySignature';
import { buildXml, parseXml } from './xml';

const MAX_KEY_BYTES = 1024;
const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/;
/** Headers kept with an object and sent back with it; `x-amz-meta-…` are too. */
const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'x-amz-storage-class',
];

/** What goes back to the client. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** What an answer is made from. */
export interface Context {
  store: ObjectStore;
  uploads: MultipartUploads;
  faults: Faults;
  /** Region of the endpoint. */
  region: string;
  request: S3Request;
  body: Buffer;
  signer: Signer;
  /** The fault this request meets, if any. */
  fault: Fault | undefined;
}

/**
 * Does what a signed request asks for.
 * @throws {S3ServerError} a refusal.
 */
export async function answerRequest(context: Context): Promise<Answer> {
  const { store, request, region, signer } = context;
  if (request.operation === 'ListBuckets') {
    requireRegion(signer, region);
    return listBuckets(context);
  }
  if (request.operation === 'CreateBucket') {
    requireRegion(signer, region);
    return createBucket(context);
  }
  const bucket = store.bucket(request.bucket);
  if (bucket === undefined) {
    requireRegion(signer, region);
    throw new S3ServerError('NoSuchBucket', 404, 'The bucket does not exist.');
  }
  requireBucketRegion(signer, bucket, region);
  if (bucket.record.owner !== undefined && bucket.record.owner !== signer.accessKeyId) {
    throw new S3ServerError('AccessDenied', 403, 'Access Denied', { 'x-amz-bucket-region': bucket.record.region });
  }
  return answerInBucket(context, bucket);
}

async function answerInBucket(context: Context, bucket: StoredBucket): Promise<Answer> {
  const { request, fault, store, uploads } = context;
  switch (request.operation) {
    case 'HeadBucket':
      return plain(200, { 'x-amz-bucket-region': bucket.record.region });
    case 'DeleteBucket':
      if (bucket.keys.size > 0) throw new S3ServerError('BucketNotEmpty', 409, 'The bucket is not empty.');
      store.deleteBucket(bucket.name);
      return plain(204);
    case 'GetBucketLocation':
      // S3 names us-east-1 by an empty text.
      return xml('LocationConstraint', { '#text': bucket.record.region === 'us-east-1' ? '' : bucket.record.region });
    case 'GetBucketVersioning':
      return xml('VersioningConfiguration', {});
    case 'ListObjects':
      return xmlBody(listPageV1(bucket, request.query));
    case 'ListObjectsV2':
      return xmlBody(listPageV2(bucket, request.query, fault));
    case 'ListMultipartUploads':
      return xmlBody(listUploads(bucket.name, uploads.of(bucket.name), request.query));
    case 'DeleteObjects':
      return deleteObjects(context, bucket);
    case 'PutObject':
      return putObject(context, bucket);
    case 'GetObject':
      return getObject(context, bucket);
    case 'HeadObject':
      return getObject(context, bucket);
    case 'DeleteObject':
      checkIfMatch(request, bucket.get(request.key), { mustExist: false });
      await bucket.delete(request.key);
      return plain(204);
    case 'CreateMultipartUpload':
      return createUpload(context, bucket);
    case 'UploadPart':
      return uploadPart(context, bucket);
    case 'CompleteMultipartUpload':
      return completeUpload(context, bucket);
    case 'AbortMultipartUpload':
      uploads.remove(uploads.get(bucket.name, request.key, request.query.get('uploadId') ?? ''));
      return plain(204);
    default:
      throw new S3ServerError('NotImplemented', 501, 'This server does not do that.');
  }
}

/** A request for the endpoint itself must be signed for the endpoint's region. */
function requireRegion(signer: Signer, region: string): void {
  if (signer.region !== region) throw malformedRegion(region);
}

/** As AWS: signed for the endpoint but not for the bucket is a redirect, signed for neither is malformed. */
function requireBucketRegion(signer: Signer, { record }: StoredBucket, endpointRegion: string): void {
  if (signer.region === record.region) return;
  if (signer.region !== endpointRegion) throw malformedRegion(record.region);
  throw new S3ServerError('PermanentRedirect', 301, 'Use the endpoint of the region of the bucket.', {
    'x-amz-bucket-region': record.region,
  });
}

function malformedRegion(region: string): S3ServerError {
  const message = `The authorization header is malformed; the region is wrong; expecting '${region}'.`;
  return new S3ServerError(
    'AuthorizationHeaderMalformed',
    400,
    message,
    { 'x-amz-bucket-region': region },
    { Region: region },
  );
}

function listBuckets({ store }: Context): Answer {
  const buckets = store.buckets().map(({ name, record }) => ({
    Name: name,
    CreationDate: new Date(record.createdMs).toISOString(),
  }));
  return xml('ListAllMyBucketsResult', { Owner: { ID: 'owner' }, Buckets: { Bucket: buckets } });
}

function createBucket({ store, request, region, body, signer }: Context): Answer {
  if (!BUCKET_NAME.test(request.bucket)) {
    throw new S3ServerError('InvalidBucketName', 400, 'The name of the bucket is not valid.');
  }
  if (store.bucket(request.bucket) !== undefined) {
    throw new S3ServerError('BucketAlreadyOwnedByYou', 409, 'The bucket exists already.');
  }
  const constraint = /<LocationConstraint>([^<]+)<\/LocationConstraint>/.exec(body.toString())?.[1];
  store.createBucket(request.bucket, constraint ?? region, signer.accessKeyId);
  return plain(200, { location: `/${request.bucket}` });
}

const deleteDocument = z.object({
  Delete: z.object({ Object: z.array(z.object({ Key: z.string() })), Quiet: z.string().optional() }),
});

async function deleteObjects({ request, body, faults }: Context, bucket: StoredBucket): Promise<Answer> {
  const digest = Object.keys(request.headers).some(
    (name) => name === 'content-md5' || name.startsWith('x-amz-checksum-'),
  );
  if (!digest) throw new S3ServerError('InvalidRequest', 400, 'Content-MD5 or a checksum is missing.');
  checkMd5(request, body);
  const document = deleteDocument.safeParse(parseXml(body));
  if (!document.success || document.data.Delete.Object.length > 1_000) {
    throw new S3ServerError('MalformedXML', 400, 'The XML is not well-formed or names too many keys.');
  }
  const deleted: { Key: string }[] = [];
  const errors: { Key: string; Code: string; Message: string }[] = [];
  for (const { Key: key } of document.data.Delete.Object) {
    const fault = faults.takeForKey(key);
    if (fault === undefined) {
      await bucket.delete(key);
      deleted.push({ Key: key });
    } else {
      errors.push({ Key: key, Code: fault.code, Message: fault.code });
    }
  }
  const quiet = document.data.Delete.Quiet === 'true';
  return xml('DeleteResult', { ...(quiet ? {} : { Deleted: deleted }), Error: errors });
}

async function putObject({ request, body, fault }: Context, bucket: StoredBucket): Promise<Answer> {
  requireKeyLength(request.key);
  if (request.headers['x-amz-copy-source'] !== undefined) {
    throw new S3ServerError('NotImplemented', 501, 'This server does not copy.');
  }
  checkMd5(request, body);
  const etag = etagFor(createHash('md5').update(body).digest('hex'), fault);
  const object = await bucket.put(request.key, body, etag, keptHeaders(request), (current) => {
    checkWrite(request, current);
  });
  return plain(200, { etag: `"${object.etag}"` });
}

async function getObject({ request }: Context, bucket: StoredBucket): Promise<Answer> {
  const object = bucket.get(request.key);
  if (object === undefined)
    throw new S3ServerError('NoSuchKey', 404, 'The key does not exist.', {}, { Key: request.key });
  checkIfMatch(request, object, { mustExist: true });
  if (withoutQuotes(header(request, 'if-none-match')) === object.etag) return plain(304, { etag: `"${object.etag}"` });
  const headers = {
    ...object.headers,
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
  };
  const body = await bucket.body(object);
  const range = parseRange(header(request, 'range'), body.length);
  if (range === undefined) return { status: 200, headers, body };
  const [first, last] = range;
  const contentRange = `bytes ${first}-${last}/${body.length}`;
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: body.subarray(first, last + 1) };
}

function createUpload({ request, uploads }: Context, bucket: StoredBucket): Answer {
  requireKeyLength(request.key);
  const upload = uploads.create(bucket.name, request.key, keptHeaders(request));
  return xml('InitiateMultipartUploadResult', { Bucket: bucket.name, Key: request.key, UploadId: upload.id });
}

function uploadPart({ request, uploads, body }: Context, bucket: StoredBucket): Answer {
  const upload = uploads.get(bucket.name, request.key, request.query.get('uploadId') ?? '');
  checkMd5(request, body);
  const etag = addPart(upload, Number(request.query.get('partNumber')), body);
  return plain(200, { etag: `"${etag}"` });
}

const completeDocument = z.object({
  CompleteMultipartUpload: z.object({
    Part: z.array(z.object({ PartNumber: z.coerce.number(), ETag: z.string() })),
  }),
});

async function completeUpload({ request, uploads, body, fault }: Context, bucket: StoredBucket): Promise<Answer> {
  const upload = uploads.get(bucket.name, request.key, request.query.get('uploadId') ?? '');
  const document = completeDocument.safeParse(parseXml(body));
  if (!document.success) throw new S3ServerError('MalformedXML', 400, 'The XML is not well-formed.');
  const wanted = document.data.CompleteMultipartUpload.Part.map(({ PartNumber: number, ETag: etag }) => ({
    number,
    etag: withoutQuotes(etag),
  }));
  const joined = joinParts(upload, wanted);
  const etag = etagFor(joined.etag, fault);
  await bucket.put(request.key, joined.body, etag, upload.headers, (current) => {
    checkWrite(request, current);
  });
  uploads.remove(upload);
  return xml('CompleteMultipartUploadResult', { Bucket: bucket.name, Key: request.key, ETag: `"${etag}"` });
}

/** @throws {S3ServerError} 412 or 404, when a write expects something else than `current`. */
function checkWrite(request: S3Request, current: StoredObject | undefined): void {
  if (header(request, 'if-none-match') === '*' && current !== undefined) throw preconditionFailed();
  checkIfMatch(request, current, { mustExist: true });
}

function checkIfMatch(
  request: S3Request,
  current: StoredObject | undefined,
  { mustExist }: { mustExist: boolean },
): void {
  const expected = header(request, 'if-match');
  if (expected === '') return;
  if (current === undefined) {
    if (mustExist) throw new S3ServerError('NoSuchKey', 404, 'The key does not exist.');
    return;
  }
  if (expected !== '*' && withoutQuotes(expected) !== current.etag) throw preconditionFailed();
}

function preconditionFailed(): S3ServerError {
  return new S3ServerError('PreconditionFailed', 412, 'A precondition did not hold.');
}

function checkMd5(request: S3Request, body: Buffer): void {
  const expected = header(request, 'content-md5');
  if (expected === '') return;
  if (Buffer.from(expected, 'base64').length !== 16) {
    throw new S3ServerError('InvalidDigest', 400, 'The Content-MD5 is not valid.');
  }
  if (createHash('md5').update(body).digest('base64') !== expected) {
    throw new S3ServerError('BadDigest', 400, 'The body does not match its Content-MD5.');
  }
}

function requireKeyLength(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3ServerError('KeyTooLongError', 400, 'The key is too long.');
}

function keptHeaders(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of Object.keys(request.headers)) {
    if (KEPT_HEADERS.includes(name) || name.startsWith('x-amz-meta-')) kept[name] = header(request, name);
  }
  return { 'content-type': 'binary/octet-stream', ...kept };
}

function etagFor(etag: string, fault: Fault | undefined): string {
  return fault?.kind === 'opaque-etag' ? randomBytes(16).toString('hex') : etag;
}

/** @returns first and last byte, or `undefined` where the whole is asked for. */
function parseRange(text: string, size: number): [number, number] | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(text) ?? [];
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) throw new S3ServerError('InvalidRange', 416, 'The range is not in the object.');
  return [first, last];
}

function header({ headers }: S3Request, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function withoutQuotes(etag: string): string {
  return etag.replaceAll('"', '');
}

function plain(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

function xml(root: string, content: object): Answer {
  return xmlBody(buildXml(root, content));
}

function xmlBody(body: Buffer): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
