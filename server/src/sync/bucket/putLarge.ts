import { createHash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { SyncError } from '../SyncError';
import { throwIfCancelled } from '../throwIfCancelled';
import type { PutLargeInput } from './Bucket';
import { abortLarge } from './abortLarge';
import { abortOrphans } from './abortOrphans';
import { COMPOSED_ETAG, composedEtag } from './composedEtag';
import { conditionHeaders } from './conditionHeaders';
import { encodeMetadata } from './metadata';
import { partSizeFor } from './partSizeFor';
import type { RequestContext, S3Connection } from './S3Connection';
import { withoutQuotes } from './withoutQuotes';

/** Parts of one object on their way at a time. */
const PARTS_AT_A_TIME = 3;

interface Part {
  number: number;
  etag: string;
  md5: Buffer;
}

/**
 * Uploads an object in parts, each checked by the store against its MD5, and aborts the upload if anything fails.
 *
 * @param cacheControl sent with the object, if set.
 * @returns the ETag without quotes.
 * @throws {SyncError} what failed first; `INTEGRITY` if the store holds other bytes in the end.
 */
export async function putLarge(
  connection: S3Connection,
  input: PutLargeInput,
  cacheControl: string | undefined,
): Promise<{ etag: string }> {
  const uploadId = await createUpload(connection, input, cacheControl);
  try {
    await input.onBegun?.(uploadId);
    const parts = await uploadParts(connection, input, uploadId);
    await input.beforeComplete();
    throwIfCancelled(input.signal);
    return { etag: await complete(connection, input, uploadId, parts) };
  } catch (error) {
    throw await abortUpload(connection, input, uploadId, error);
  }
}

async function createUpload(
  connection: S3Connection,
  { key, contentType, metadata, signal }: PutLargeInput,
  cacheControl: string | undefined,
): Promise<string> {
  const context = { action: 's3:PutObject', key, signal };
  const begunMs = Date.now();
  const answer = await connection.send(
    context,
    new CreateMultipartUploadCommand({
      ...connection.at(key),
      ContentType: contentType,
      Metadata: encodeMetadata(metadata),
      CacheControl: cacheControl,
    }),
  );
  if (answer.UploadId === undefined || answer.UploadId === '') {
    throw new SyncError('STORE_ERROR', {
      message: `The store began no upload for ${key}.`,
      fix: 'Check that the endpoint is an S3 store.',
      key,
    });
  }
  // The answer to an earlier attempt may have been lost, and with it the id of an upload that nobody else knows.
  if ((answer.$metadata.attempts ?? 1) > 1) {
    await abortOrphans(connection, key, { begunMs, keep: answer.UploadId, signal }).catch(() => undefined);
  }
  return answer.UploadId;
}

/** A few readers take the next part each until none is left; the first failure stops the others. */
async function uploadParts(connection: S3Connection, input: PutLargeInput, uploadId: string): Promise<Part[]> {
  const stop = new AbortController();
  const signal = input.signal === undefined ? stop.signal : AbortSignal.any([input.signal, stop.signal]);
  const partSize = partSizeFor(input.size);
  const count = Math.max(1, Math.ceil(input.size / partSize));
  const parts: Part[] = [];
  let firstError: unknown;
  let next = 1;

  const work = async (): Promise<void> => {
    while (next <= count && !signal.aborted) {
      const number = next++;
      const offset = (number - 1) * partSize;
      const body = await input.readPart(offset, Math.min(partSize, input.size - offset));
      parts.push(
        await uploadPart(connection, { action: 's3:PutObject', key: input.key, signal }, uploadId, number, body),
      );
      input.onPart?.(body.length);
    }
  };
  const workUntilError = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      // Only the first one is the reason; the others follow from the stop.
      if (!stop.signal.aborted) firstError = error;
      stop.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARTS_AT_A_TIME, count) }, workUntilError));

  throwIfCancelled(input.signal);
  if (stop.signal.aborted) throw firstError;
  return parts.sort((a, b) => a.number - b.number);
}

async function uploadPart(
  connection: S3Connection,
  context: RequestContext,
  uploadId: string,
  number: number,
  body: Buffer,
): Promise<Part> {
  const md5 = createHash('md5').update(body).digest();
  const answer = await connection.send(
    context,
    new UploadPartCommand({
      ...connection.at(context.key ?? ''),
      UploadId: uploadId,
      PartNumber: number,
      Body: body,
      ContentLength: body.length,
      ContentMD5: md5.toString('base64'),
    }),
  );
  return { number, etag: answer.ETag ?? `"${md5.toString('hex')}"`, md5 };
}

/** @returns the ETag of the finished object, verified as far as it tells anything. */
async function complete(
  connection: S3Connection,
  { key, size, condition, signal }: PutLargeInput,
  uploadId: string,
  parts: readonly Part[],
): Promise<string> {
  const expected = composedEtag(parts.map(({ md5 }) => md5));
  const context = { action: 's3:PutObject', key, signal, conditional: condition !== undefined };
  let etag = '';
  try {
    const answer = await connection.send(
      context,
      new CompleteMultipartUploadCommand({
        ...connection.at(key),
        UploadId: uploadId,
        MultipartUpload: {
          Parts: parts.map(({ number, etag: partEtag }) => ({ PartNumber: number, ETag: partEtag })),
        },
        ...conditionHeaders(condition),
      }),
    );
    etag = withoutQuotes(answer.ETag);
  } catch (error) {
    // A retry after a lost answer finds the upload gone, because the first attempt had finished it.
    if (!(error instanceof SyncError) || error.s3Code !== 'NoSuchUpload') throw error;
    const head = await headFinished(connection, key, signal).catch((missing: unknown) => {
      // Nothing was finished: somebody has aborted the upload.
      throw missing instanceof SyncError && missing.code === 'OBJECT_NOT_FOUND' ? error : missing;
    });
    if (head.etag !== expected) throw error;
    return head.etag;
  }
  if (COMPOSED_ETAG.test(etag)) {
    if (etag !== expected) throw otherBytes(key);
    return etag;
  }
  // Ceph 16 answers with an empty ETag; encrypting stores with one that tells nothing.
  const head = await headFinished(connection, key, signal);
  if (head.size !== size || (COMPOSED_ETAG.test(head.etag) && head.etag !== expected)) throw otherBytes(key);
  return head.etag;
}

async function headFinished(
  connection: S3Connection,
  key: string,
  signal: AbortSignal | undefined,
): Promise<{ etag: string; size: number | undefined }> {
  const answer = await connection.send(
    { action: 's3:GetObject', key, signal },
    new HeadObjectCommand(connection.at(key)),
  );
  return { etag: withoutQuotes(answer.ETag), size: answer.ContentLength };
}

/** @returns the error to throw: the one that came, which says so where parts were left behind. */
async function abortUpload(
  connection: S3Connection,
  { key }: PutLargeInput,
  uploadId: string,
  error: unknown,
): Promise<unknown> {
  try {
    // Without the caller's signal: a cancelled upload is cleaned up too.
    await abortLarge(connection, key, uploadId, undefined);
    return error;
  } catch {
    if (!(error instanceof SyncError)) return error;
    const { code, message, fix, s3Code, httpStatus, region, cause } = error;
    const left = 'Parts of the unfinished upload stay in the bucket until a lifecycle rule removes them.';
    return new SyncError(code, { message: `${message} ${left}`, fix, key, s3Code, httpStatus, region, cause });
  }
}

function otherBytes(key: string): SyncError {
  return new SyncError('INTEGRITY', {
    message: `The store holds other bytes of ${key} than were sent.`,
    fix: 'Nothing needs to be done: the next sync uploads it again.',
    key,
  });
}
