import { createHash } from 'node:crypto';
import { ContentHash } from './ContentHash';
import type { OpenFile } from './local/Local';
import type { ContentDigest } from './provesEqual';
import { throwIfCancelled } from './throwIfCancelled';

/** Bytes read at a time. */
const CHUNK = 1024 * 1024;

/**
 * Hashes an open file in one pass.
 *
 * @param size its bytes.
 * @param etag the ETag it will be compared with, if there is one.
 * @throws {SyncError} `LOCAL_CHANGED` where it is shorter by now, `CANCELLED`.
 */
export async function hashFile(
  file: OpenFile,
  size: number,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ContentDigest & { sha256: string }> {
  const hash = new ContentHash(size, etag);
  const sha256 = createHash('sha256');
  for (let offset = 0; offset < size; offset += CHUNK) {
    throwIfCancelled(signal);
    const bytes = await file.read(offset, Math.min(CHUNK, size - offset));
    hash.update(bytes);
    sha256.update(bytes);
  }
  return { ...hash.digest(), sha256: sha256.digest('hex') };
}
