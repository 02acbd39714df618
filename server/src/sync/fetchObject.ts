import { createHash } from 'node:crypto';
import type { Bucket, ObjectHead } from './bucket/Bucket';
import { chunksOf } from './chunksOf';
import type { LocalWriter, TemporaryFile } from './local/LocalWriter';
import { lostRace } from './lostRace';
import { modificationTimeMs } from './modificationTime';
import { SyncError } from './SyncError';

const PLAIN_MD5 = /^[0-9a-f]{32}$/;

/** What a download works with. */
export interface FetchOptions {
  bucket: Bucket;
  writer: LocalWriter;
  signal?: AbortSignal;
  /** Told of bytes as they arrive. */
  onBytes: (bytes: number) => void;
  /** Lets others read along while the bytes arrive. */
  watcher?: FetchWatcher;
}

/** Reads along with a download. */
export interface FetchWatcher {
  /** The object's bytes begin to go to this file; absolute path. */
  begin(head: ObjectHead, path: string): void;
  /** So many more bytes are in the file. */
  written(bytes: number): void;
}

/** An object's bytes, here and verified, but not yet in their place. */
export interface FetchedObject {
  temporary: TemporaryFile;
  md5: string;
  head: ObjectHead;
}

/**
 * Brings an object's bytes to a temporary file and verifies them.
 *
 * @param etag the version that is wanted; `undefined` for the one that is there.
 * @throws {SyncError} `PRECONDITION_FAILED` where the bucket holds another version by now, `INTEGRITY` where the bytes
 *   are not those that were uploaded, and as the bucket. Then no file is left.
 */
export async function fetchObject(
  options: FetchOptions,
  key: string,
  etag: string | undefined,
): Promise<FetchedObject> {
  const { bucket, writer, signal, onBytes, watcher } = options;
  const { head, body, whole } = await bucket.get(key, signal).catch((error: unknown) => {
    throw error instanceof SyncError && error.code === 'OBJECT_NOT_FOUND' ? lostRace(key) : error;
  });
  if (etag !== undefined && head.etag !== etag) {
    body.destroy();
    throw lostRace(key);
  }
  // Only what was sent from memory carries one; over a large file, a second hash takes as long as its way here.
  const { sha256 } = head.metadata;
  const temporary = await writer
    .writeTemporary(key, whole === undefined ? chunksOf(body) : [whole], {
      mtimeMs: modificationTimeMs(head),
      size: head.size,
      withSha256: sha256 !== undefined,
      onOpen: (path) => watcher?.begin(head, path),
      onWritten: (bytes) => {
        onBytes(bytes);
        watcher?.written(bytes);
      },
    })
    .finally(() => {
      // Where not even the file could be made, nobody has begun to read the body.
      body.destroy();
    });
  try {
    const { md5 } = temporary;
    const proven =
      sha256 === undefined
        ? !PLAIN_MD5.test(head.etag) || head.etag === md5 || (await arrivesAgain(options, key, head.etag, md5))
        : sha256 === temporary.sha256;
    if (!proven) throw notWhatWasUploaded(key);
    return { temporary, md5, head };
  } catch (error) {
    await writer.discard(temporary);
    throw error;
  }
}

function notWhatWasUploaded(key: string): SyncError {
  return new SyncError('INTEGRITY', {
    message: `The bytes of ${key} that arrived are not those that were uploaded. The file was left as it is.`,
    fix: 'Run the sync again. If it happens again, upload the file anew.',
    key,
  });
}

/** An ETag that looks like an MD5 may be none (SSE-KMS): bytes that arrive twice alike are then taken for right. */
async function arrivesAgain(
  { bucket, signal }: FetchOptions,
  key: string,
  etag: string,
  digest: string,
): Promise<boolean> {
  const { head, body } = await bucket.get(key, signal);
  const md5 = createHash('md5');
  for await (const chunk of chunksOf(body)) md5.update(chunk);
  return head.etag === etag && md5.digest('hex') === digest;
}
