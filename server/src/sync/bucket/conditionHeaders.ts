import type { WriteCondition } from './Bucket';

/**
 * The headers of a write that expects something.
 *
 * The ETag goes without its quotes: Ceph 16 compares it with a bare one, and AWS documents and takes both forms.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function conditionHeaders(condition: WriteCondition | undefined): { IfMatch?: string; IfNoneMatch?: string } {
  if (condition === undefined) return {};
  return 'ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch };
}
