import type { ObjectHead } from './bucket/Bucket';

/**
 * The form in which rclone keeps a file's time in the metadata `mtime`: seconds, with up to nine decimals.
 * @see https://rclone.org/s3/#modification-times-and-hashes
 */
export function toMtimeMetadata(mtimeNs: bigint): string {
  const digits = mtimeNs.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
}

/**
 * The file's own time, where the upload kept it; else the time of the upload.
 * @returns milliseconds since the epoch.
 */
export function modificationTimeMs({ metadata, lastModifiedMs }: ObjectHead): number {
  const seconds = Number(metadata.mtime);
  return metadata.mtime !== undefined && Number.isFinite(seconds) ? seconds * 1000 : lastModifiedMs;
}
