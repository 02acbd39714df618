import type { BaseEntry } from './base/Base';
import { sameFingerprint, type Fingerprint } from './Fingerprint';

export type Mode = 'SINGLE' | 'MULTI';

/** What is to be done about one key. `compare` asks for the contents and then for another decision. */
export type Action =
  'none' | 'compare' | 'adopt' | 'upload' | 'download' | 'delete-remote' | 'delete-local' | 'drop-base' | 'conflict';

/** What a write must find in the bucket for the operation to be right. */
export type Expectation = 'absent' | 'as-in-base' | 'as-listed' | 'anything';

export interface Decision {
  action: Action;
  /** The row of the table, as numbered in `decide`. */
  row: string;
  /** What the bucket must still hold when the operation is done. */
  expect: Expectation;
}

/** The remote side of one key, as a listing tells it. */
export interface RemoteSide {
  /** Bytes. */
  size: number;
  etag: string;
}

/** What reading the contents proved; each is absent while nobody has looked. */
export interface Evidence {
  /** Local and remote hold the same bytes. */
  equal?: boolean;
  /** The local bytes are those in base, whatever the file's times say. */
  localIsBase?: boolean;
}

/**
 * What the change feed says of a key whose object is not what base says, or that base does not know.
 * - `deleted`: the local content is what the last delete named.
 * - `entry-deleted`: the file's media entry was deleted, whatever content the file had: the entry is one for all servers.
 * - `superseded`: the local content was replaced by another one.
 * - `other-deleted`: the last delete named another content than the local one.
 */
export type FeedVerdict = 'deleted' | 'entry-deleted' | 'superseded' | 'other-deleted';

export interface Sides {
  local: Fingerprint | undefined;
  remote: RemoteSide | undefined;
  base: BaseEntry | undefined;
  evidence?: Evidence;
  feed?: FeedVerdict;
  /** A person made, changed or deleted the file's media entry on this server. */
  byName?: boolean;
}

/**
 * Decides what to do about one key. Pure: it looks at nothing but its arguments, and every branch is a numbered row.
 *
 * SINGLE: local wins, base only spares reading.
 *
 * | row | local | remote | |
 * |---|---|---|---|
 * | S1 | here | absent | upload |
 * | S2 | as in base | as in base | none |
 * | S3 | here | other size | upload |
 * | S4 | here | same size, contents not compared | compare |
 * | S5 | here | same bytes | adopt |
 * | S6 | here | other bytes | upload |
 * | S7 | absent | here | delete-remote |
 * | S8 | absent | absent, base left | drop-base |
 * | S9 | absent | absent | none |
 *
 * MULTI, with a base (rows: local, columns: remote):
 *
 * | local \ remote | same | changed | gone |
 * |---|---|---|---|
 * | same | M1 none | M2 download | M3 delete-local |
 * | changed | M4 upload, as in base | M5 adopt if equal, M6 else conflict | M7 upload, if absent |
 * | gone | M8 delete-remote, as in base | M9 download | M10 drop-base |
 *
 * A file whose times changed but not its bytes counts as same; MC asks for the comparison that tells.
 * M11: same here and gone there, but the delete named another content (a store that ignores If-Match let a delete win
 * a race it had lost): upload, if absent.
 * M12: in place of M9 where its media entry was deleted on this server: delete-remote, as listed. The entry is one for
 * all servers, so it is no matter that the newest version of the file had not come here yet.
 * M13: in place of M7 where its media entry was deleted on another server: delete-local.
 * M14: in place of M1 where its media entry was deleted before the object came, and nobody who brought it had heard of
 * that: delete-remote, as in base, after the local file.
 *
 * MULTI, without a base:
 *
 * | row | local | remote | |
 * |---|---|---|---|
 * | N1 | here | absent | upload, if absent |
 * | N2 | here, content the feed calls deleted or superseded | absent | delete-local |
 * | N3 | absent | here | download |
 * | N4 | here | same bytes | adopt |
 * | N5 | here | other bytes | conflict |
 * | N6 | here, content the feed calls superseded | other bytes | download |
 * | N7 | here | same size, contents not compared | compare |
 * | N8 | absent | absent | none |
 * | N9 | absent, its media entry was deleted on this server | here | delete-remote, as listed |
 * | N10 | absent, its media entry was deleted before the object came | here | delete-remote, as listed |
 */
export function decide(mode: Mode, sides: Sides): Decision {
  if (mode === 'SINGLE') return decideSingle(sides);
  return sides.base ? decideMulti(sides, sides.base) : decideWithoutBase(sides);
}

// Invariant: what is local is never changed; a remote object goes only when nothing is local.
function decideSingle({ local, remote, base, evidence }: Sides): Decision {
  if (!local && !remote) return base ? row('S8', 'drop-base') : row('S9', 'none');
  if (!local) return row('S7', 'delete-remote', 'anything');
  if (!remote) return row('S1', 'upload', 'anything');
  if (base && localIs(base, local) && remoteIs(base, remote)) return row('S2', 'none');
  if (local.size !== remote.size) return row('S3', 'upload', 'anything');
  switch (evidence?.equal) {
    case undefined:
      return row('S4', 'compare');
    case true:
      return row('S5', 'adopt');
    case false:
      return row('S6', 'upload', 'anything');
  }
}

// Invariant: base was once on both sides, so a side that equals it was not touched since and may follow the other.
function decideMulti({ local, remote, evidence, feed, byName }: Sides, base: BaseEntry): Decision {
  const remoteSame = remote !== undefined && remoteIs(base, remote);
  if (!local) {
    if (!remote) return row('M10', 'drop-base');
    if (remoteSame) return row('M8', 'delete-remote', 'as-in-base');
    return byName ? row('M12', 'delete-remote', 'as-listed') : row('M9', 'download', 'as-listed');
  }
  if (localIs(base, local) || evidence?.localIsBase === true) {
    if (remoteSame && feed === 'entry-deleted') return row('M14', 'delete-remote', 'as-in-base');
    if (remoteSame) return localIs(base, local) ? row('M1', 'none') : row('M1', 'adopt');
    if (remote) return row('M2', 'download', 'as-listed');
    return feed === 'other-deleted' ? row('M11', 'upload', 'absent') : row('M3', 'delete-local', 'absent');
  }
  if (evidence?.localIsBase === undefined && local.size === base.fingerprint.size) return row('MC', 'compare');
  if (remoteSame) return row('M4', 'upload', 'as-in-base');
  if (!remote) return feed === 'entry-deleted' ? row('M13', 'delete-local', 'absent') : row('M7', 'upload', 'absent');
  return decideBothChanged(local, remote, evidence, ['MC', 'M5', 'M6']);
}

// Invariant: nothing is known of the past, so nothing that stands on one side only may be taken for a deletion, unless a
// person or the feed says so.
function decideWithoutBase({ local, remote, evidence, feed, byName }: Sides): Decision {
  if (!local) {
    if (!remote) return row('N8', 'none');
    if (byName) return row('N9', 'delete-remote', 'as-listed');
    return feed === 'entry-deleted' ? row('N10', 'delete-remote', 'as-listed') : row('N3', 'download', 'as-listed');
  }
  if (!remote) {
    const isStale = feed === 'deleted' || feed === 'entry-deleted' || feed === 'superseded';
    return isStale ? row('N2', 'delete-local', 'absent') : row('N1', 'upload', 'absent');
  }
  const decision = decideBothChanged(local, remote, evidence, ['N7', 'N4', 'N5']);
  return decision.action === 'conflict' && feed === 'superseded' ? row('N6', 'download', 'as-listed') : decision;
}

function decideBothChanged(
  local: Fingerprint,
  remote: RemoteSide,
  evidence: Evidence | undefined,
  [ask, equal, different]: readonly [string, string, string],
): Decision {
  if (local.size !== remote.size || evidence?.equal === false) return row(different, 'conflict', 'as-listed');
  return evidence?.equal === true ? row(equal, 'adopt') : row(ask, 'compare');
}

function localIs(base: BaseEntry, local: Fingerprint): boolean {
  return !base.racy && sameFingerprint(base.fingerprint, local);
}

function remoteIs(base: BaseEntry, remote: RemoteSide): boolean {
  return base.etag === remote.etag && base.fingerprint.size === remote.size;
}

function row(name: string, action: Action, expect: Expectation = 'anything'): Decision {
  return { action, row: name, expect };
}
