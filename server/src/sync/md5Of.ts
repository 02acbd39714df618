import { createHash } from 'node:crypto';

/** @returns the MD5 of the bytes in hex. It is S3's checksum, not a matter of secrecy. */
export function md5Of(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
