import type { BaseEntry, Intent } from './base/Base';
import type { RemoteSide } from './decide';
import type { Fingerprint } from './Fingerprint';

const UNKNOWN_FILE = { mtimeNs: 0n, ctimeNs: 0n, inode: 0n };

/**
 * What directory and bucket last agreed on, where an operation may have been cut off before it was noted. Pure.
 *
 * An upload of which no answer came may have been done: where the bucket holds exactly what it was to bring, both sides
 * were alike at that moment. Without this, a file that was deleted here since would be fetched back. Else neither side
 * needs to be what base says, and both are looked at. A download may have come to its place: the file that stands there
 * is the one that was fetched, where it still has its inode, time and size.
 *
 * @param intent the operation that was begun and never settled, if there is one.
 */
export function lastAgreed(
  base: BaseEntry | undefined,
  intent: Intent | undefined,
  remote: RemoteSide | undefined,
  local: Fingerprint | undefined,
): BaseEntry | undefined {
  if (!intent) return base;
  const md5 = intent.put?.md5;
  if (md5 !== undefined && remote?.etag === md5) {
    return { fingerprint: { size: remote.size, ...UNKNOWN_FILE }, etag: md5, md5, racy: true };
  }
  const { file } = intent;
  if (file && local?.size === file.size && local.mtimeNs === file.mtimeNs && local.inode === file.inode) {
    return { fingerprint: local, etag: file.etag, md5: file.md5, racy: true };
  }
  return base && { ...base, racy: true };
}
