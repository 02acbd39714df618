import type { KeyPast } from '../sync/Feed';

/** The ETag of an object that was put in one part is its MD5. With SSE-KMS it only looks so, and proves nothing. */
const SINGLE_PART = /^[0-9a-f]{32}$/;

/** A content that base knows by the ETag it has in the bucket. */
export interface KnownContent {
  etag: string;
  md5: string;
}

/**
 * Whether an object may be a content that was deleted or replaced, as far as its ETag tells before its bytes do.
 *
 * @param known what base holds: it tells the content of an object in parts, too.
 */
export function isDoubtful(
  etag: string,
  { deletedMd5, supersededMd5s }: KeyPast,
  known: KnownContent | undefined,
): boolean {
  if (deletedMd5 === undefined && supersededMd5s.size === 0) return false;
  const md5 = known?.etag === etag ? known.md5 : etag;
  return !SINGLE_PART.test(md5) || md5 === deletedMd5 || supersededMd5s.has(md5);
}
