import type { KeyPast } from '../sync/Feed';

/** The ETag of an object that was put in one part is its MD5. With SSE-KMS it only looks so, and proves nothing. */
const SINGLE_PART = /^[0-9a-f]{32}$/;

/** Whether an object may be a content that was deleted or replaced, as far as its ETag tells before its bytes do. */
export function isDoubtful(etag: string, { deletedMd5, supersededMd5s }: KeyPast): boolean {
  if (deletedMd5 === undefined && supersededMd5s.size === 0) return false;
  return !SINGLE_PART.test(etag) || etag === deletedMd5 || supersededMd5s.has(etag);
}
