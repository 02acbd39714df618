import { createHash } from 'node:crypto';

/** An ETag of the form that `composedEtag` makes. */
export const COMPOSED_ETAG = /^[0-9a-f]{32}-[1-9]\d{0,4}$/;

/**
 * The ETag S3 gives to a multipart object: the MD5 of the parts' MD5s, and their number.
 *
 * @param partMd5s MD5 of each part, in order.
 */
export function composedEtag(partMd5s: readonly Buffer[]): string {
  return `${createHash('md5').update(Buffer.concat(partMd5s)).digest('hex')}-${partMd5s.length}`;
}
