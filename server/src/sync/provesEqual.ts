import type { BaseEntry } from './base/Base';
import type { RemoteSide } from './decide';

/** The digests of some local bytes. */
export interface ContentDigest {
  /** Bytes. */
  size: number;
  /** Hex. */
  md5: string;
  /** ETags that a multipart upload of these bytes would have, for the part sizes worth trying. */
  composedEtags: readonly string[];
}

/**
 * Whether an ETag proves that local bytes and object are equal, or that they are not.
 *
 * An ETag is opaque unless it proves equality: with SSE-KMS, or after a multipart upload with another part size, it
 * differs for the same bytes (rclone#1824, s3cmd PR#611).
 *
 * @param base used only where it knows the content behind this very ETag.
 * @returns `undefined` where the ETag proves nothing.
 */
export function provesEqual(
  digest: ContentDigest,
  remote: RemoteSide,
  base: BaseEntry | undefined,
): boolean | undefined {
  if (digest.size !== remote.size) return false;
  if (digest.md5 === remote.etag || digest.composedEtags.includes(remote.etag)) return true;
  if (base && base.etag === remote.etag && base.fingerprint.size === remote.size) return base.md5 === digest.md5;
  return undefined;
}
