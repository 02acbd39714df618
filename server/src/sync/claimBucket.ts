import type { BaseFacts } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import {
  parseOwnerMark,
  readOwnerMark,
  writeOwnerMark,
  type OwnerMark,
  type StoredOwnerMark,
} from './bucket/ownerMark';
import type { SyncOptions } from './SyncOptions';
import type { Refusal } from './SyncReport';

/** What came of the look at the owner mark. */
export type Claim = { ok: true; mark: StoredOwnerMark } | { ok: false; refusal: Refusal };

/**
 * Makes sure that the bucket is this site's (and in SINGLE mode this directory's) before anything is written.
 * A staging copy of production, or a second server in SINGLE mode, would otherwise delete the other's files
 * (nextcloud/server#46726).
 *
 * @param directoryId id of the synced directory.
 * @param facts what the base remembers of the mark, so that it need not be read again.
 * @throws {SyncError} as the bucket.
 */
export async function claimBucket(
  options: Pick<SyncOptions, 'mode' | 'owner' | 'bucket' | 'takeOver' | 'otherDirectory'>,
  directoryId: string,
  facts: BaseFacts,
  signal: AbortSignal,
): Promise<Claim> {
  const { mode, owner, bucket } = options;
  const ours: OwnerMark = { version: 1, ...owner, ...(mode === 'SINGLE' ? { directoryId } : {}) };

  if (mode === 'SINGLE') {
    const other = await options.otherDirectory(directoryId);
    if (other) return { ok: false, refusal: otherDirectory(other.host, other.directory) };
  }

  const stored = await readOwnerMark(bucket, knownMark(facts), signal);
  if (stored) {
    const theirs = parseOwnerMark(stored.text);
    const sameSite = theirs?.siteId === owner.siteId && theirs.databaseHash === owner.databaseHash;
    if (sameSite && theirs.directoryId === ours.directoryId) return { ok: true, mark: stored };
    // The same site with a new directory (a new disk, or uploads/ made anew by an import) goes on: no other one is
    // alive, and a new directory has no base, so it deletes next to nothing unasked.
    if (!sameSite && !options.takeOver) return { ok: false, refusal: otherSite(bucket) };
  }
  const written = await writeOwnerMark(bucket, ours, stored, signal);
  return written ? { ok: true, mark: written } : { ok: false, refusal: otherSite(bucket) };
}

function knownMark({ ownerEtag: etag, ownerText: text }: BaseFacts): StoredOwnerMark | undefined {
  return etag !== undefined && text !== undefined ? { etag, text } : undefined;
}

function otherSite({ identity }: Bucket): Refusal {
  const where = identity.prefix === '' ? '' : ` below ${identity.prefix}`;
  return {
    guard: 'other-site',
    count: 0,
    limit: 0,
    message: `The bucket ${identity.bucketName}${where} belongs to another site, or to another copy of this one. Nothing was written.`,
    fix: 'Use a bucket or a prefix of your own. If the other site is gone for good, take the bucket over.',
  };
}

function otherDirectory(host: string, directory: string): Refusal {
  return {
    guard: 'other-directory',
    count: 0,
    limit: 0,
    message: `Another server of this site is running: ${host}, with the directory ${directory}. In SINGLE mode one would delete the other's files, so nothing was written.`,
    fix: 'Stop the other server, or use the mode MULTI.',
  };
}
