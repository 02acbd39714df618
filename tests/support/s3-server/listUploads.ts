import { encoderFor } from './encoderFor';
import type { Upload } from './MultipartUploads';
import { S3ServerError } from './S3ServerError';
import { buildXml } from './xml';

const MAX_UPLOADS = 1_000;

/**
 * The answer to ListMultipartUploads. Uploads of one key come in the order of their ids, so that a page can go on after
 * one of them.
 *
 * @param uploads those of the bucket.
 */
export function listUploads(bucketName: string, uploads: readonly Upload[], query: Map<string, string>): Buffer {
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  // Without a key marker, S3 does not look at this one.
  const idMarker = keyMarker === '' ? '' : (query.get('upload-id-marker') ?? '');
  const maxUploads = readMaxUploads(query);
  const encode = encoderFor(query);
  const following = uploads
    .filter(({ key, id }) => key.startsWith(prefix) && isAfter(key, id, keyMarker, idMarker))
    .toSorted((one, other) => compare(one.key, other.key) || compare(one.id, other.id));
  const page = following.slice(0, maxUploads);
  const last = page.length < following.length ? page.at(-1) : undefined;
  return buildXml('ListMultipartUploadsResult', {
    Bucket: bucketName,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    ...(query.get('encoding-type') === 'url' ? { EncodingType: 'url' } : {}),
    ...(last === undefined ? {} : { NextKeyMarker: encode(last.key), NextUploadIdMarker: last.id }),
    MaxUploads: maxUploads,
    IsTruncated: last !== undefined,
    Upload: page.map(({ key, id, startedMs }) => ({
      Key: encode(key),
      UploadId: id,
      Initiated: new Date(startedMs).toISOString(),
    })),
  });
}

function isAfter(key: string, id: string, keyMarker: string, idMarker: string): boolean {
  if (keyMarker === '') return true;
  const order = compare(key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && compare(id, idMarker) > 0);
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function readMaxUploads(query: Map<string, string>): number {
  const asked = Number(query.get('max-uploads') ?? MAX_UPLOADS);
  if (!Number.isInteger(asked) || asked < 1) {
    throw new S3ServerError('InvalidArgument', 400, 'max-uploads is not a number from 1 up.');
  }
  return Math.min(asked, MAX_UPLOADS);
}
