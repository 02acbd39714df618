import { explain, type Explanation } from './explain';

/** Beginnings that AWS keeps for itself. */
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];

/** Endings that AWS keeps for access point aliases, directory buckets and table buckets. */
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/**
 * Says why a text is not the name of an S3 bucket, or `undefined` where it is one.
 *
 * The rules are those of "General purpose bucket naming rules" in the Amazon S3 user guide
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
 */
export function explainBucketName(name: string): Explanation | undefined {
  const inside = nameInside(name);
  if (inside !== undefined) {
    const isName = explainBucketName(inside) === undefined;
    return isName ? explain('BUCKET_NAME_ADDRESS_OF', { name: inside }) : explain('BUCKET_NAME_ADDRESS');
  }
  if (name.length < 3 || name.length > 63) return explain('BUCKET_NAME_LENGTH');
  if (/[A-Z]/.test(name)) return explain('BUCKET_NAME_UPPER_CASE');
  if (!/^[a-z0-9.-]+$/.test(name)) return explain('BUCKET_NAME_CHARACTERS');
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return explain('BUCKET_NAME_ENDS');
  if (name.includes('..')) return explain('BUCKET_NAME_DOTS');
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return explain('BUCKET_NAME_IP');
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return explain('BUCKET_NAME_BEGINNING', { part: prefix });
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (suffix !== undefined) return explain('BUCKET_NAME_ENDING', { part: suffix });
  return undefined;
}

/** The bucket in `arn:aws:s3:::name/key`, `s3://name/key` or a web address of it; `undefined` for anything else. */
function nameInside(text: string): string | undefined {
  const arn = /^arn:[^:]*:s3:[^:]*:[^:]*:([^/]*)/i.exec(text);
  if (arn !== null) return arn[1];
  const uri = /^s3:\/\/([^/]*)/i.exec(text);
  if (uri !== null) return uri[1];
  const host = /^https?:\/\/(.+?)\.s3[.-][^/]*amazonaws\.com/i.exec(text);
  if (host !== null) return host[1];
  const path = /^https?:\/\/[^/]+\/([^/?#]*)/i.exec(text);
  if (path !== null) return path[1];
  return /^[a-z0-9]+:/i.test(text) ? '' : undefined;
}
