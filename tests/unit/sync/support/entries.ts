import type { BaseEntry } from '../../../../server/src/sync/base/Base';
import type { RemoteObject } from '../../../../server/src/sync/bucket/Bucket';
import type { Fingerprint } from '../../../../server/src/sync/Fingerprint';

/** A file as the file system tells of it; what is not given is the same each time. */
export function fingerprint(given: Partial<Fingerprint> = {}): Fingerprint {
  return { size: 10, mtimeNs: 1_000n, ctimeNs: 2_000n, inode: 3n, ...given };
}

/** A base entry that agrees with `fingerprint()` and `remoteObject()`. */
export function baseEntry(given: Partial<BaseEntry> = {}): BaseEntry {
  return { fingerprint: fingerprint(), etag: 'etag-of-base', md5: 'a'.repeat(32), racy: false, ...given };
}

/** An object of a listing; what is not given agrees with `baseEntry()`. */
export function remoteObject(key: string, given: Partial<RemoteObject> = {}): RemoteObject {
  return { key, size: 10, etag: 'etag-of-base', lastModifiedMs: 0, ...given };
}
