/** Beginnings that AWS keeps for itself. */
const RESERVED_PREFIXES = ['xn--', 'sthree-', 'amzn-s3-demo-'];

/** Endings that AWS keeps for access point aliases, directory buckets and table buckets. */
const RESERVED_SUFFIXES = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'];

/**
 * Says why a text is not the name of an S3 bucket, or `undefined` where it is one.
 *
 * The rules are those of "General purpose bucket naming rules" in the Amazon S3 user guide
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
 *
 * @returns one or two plain sentences.
 */
export function explainBucketName(name: string): string | undefined {
  const inside = nameInside(name);
  if (inside !== undefined) {
    const hint = explainBucketName(inside) === undefined ? ` Did you mean ${inside}?` : '';
    return `Enter the bucket's name, not its ARN or URL.${hint}`;
  }
  if (name.length < 3 || name.length > 63) return 'A bucket name has 3 to 63 characters.';
  if (/[A-Z]/.test(name)) return 'A bucket name has no upper case letters.';
  if (!/^[a-z0-9.-]+$/.test(name)) return 'A bucket name has only lower case letters, digits, dots and hyphens.';
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'A bucket name begins and ends with a letter or a digit.';
  if (name.includes('..')) return 'A bucket name has no two dots in a row.';
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return 'A bucket name cannot look like an IP address.';
  const prefix = RESERVED_PREFIXES.find((reserved) => name.startsWith(reserved));
  if (prefix !== undefined) return `AWS keeps names that begin with "${prefix}" for itself.`;
  const suffix = RESERVED_SUFFIXES.find((reserved) => name.endsWith(reserved));
  if (suffix !== undefined) return `AWS keeps names that end with "${suffix}" for itself.`;
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
