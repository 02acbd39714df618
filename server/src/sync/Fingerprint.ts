/** What the file system tells of a file without reading it. */
export interface Fingerprint {
  /** Bytes. */
  size: number;
  /** Nanoseconds since the epoch. */
  mtimeNs: bigint;
  /** Nanoseconds since the epoch. */
  ctimeNs: bigint;
  inode: bigint;
}

/** Whether two looks at a file saw the same, unchanged file. */
export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;
}
