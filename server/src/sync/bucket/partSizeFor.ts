const MIB = 1024 * 1024;
const SMALLEST_PART = 8 * MIB;
/** S3 takes at most 10,000 parts. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MAX_PARTS = 10_000;

/**
 * The size of all parts but the last: 8 MiB, or as many whole MiB as are needed to stay within 10,000 parts.
 * Depends on the size alone, so that the composed ETag of a file can be computed again later.
 *
 * @param size bytes of the whole object.
 * @returns bytes.
 */
export function partSizeFor(size: number): number {
  return Math.max(SMALLEST_PART, Math.ceil(size / MAX_PARTS / MIB) * MIB);
}
