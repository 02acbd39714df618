import type { Base, BaseEntry } from './base/Base';
import type { Fingerprint } from './Fingerprint';
import type { Local } from './local/Local';
import { SyncError } from './SyncError';

/** Files looked at before anybody has to look at all of them. */
const SAMPLE = 256;

/** Share of replaced files, in percent, from which on a sample is not enough. */
const SUSPICIOUS_PERCENT = 40;

/** More files than these are not replaced one by one: then the new inodes alone tell. */
const MANY = 10;

/** What became of the files that base knows and that are here. */
interface Counts {
  known: number;
  /** Another file stands in their place. */
  replaced: number;
  /** Those of them that are no newer than what they replace: a copy, and not the work of an editor. */
  copied: number;
}

/**
 * Whether most of the files that base knows were replaced by others, as when a backup is put in their place. Base then
 * says nothing of them any more: an old file would look like a change, and one the backup lacks like a deletion.
 *
 * Looks at a random sample first, at all files only where the sample makes it likely. Memory does not grow.
 *
 * @param inodesCount whether a new inode is a sign where size and time are the old ones. It is none on a file system
 *   that hands out inodes anew (some network file systems).
 * @throws {SyncError} `DIRECTORY_MISSING`, and as the base.
 */
export async function isReplaced(base: Base, local: Local, inodesCount: boolean): Promise<boolean> {
  const sample = new Reservoir(SAMPLE);
  for await (const keys of base.keys()) for (const key of keys) sample.offer(key);
  const counts = await count(await rowsOf(base, sample.keys), local, inodesCount);
  if (sample.seen <= SAMPLE) return isMost(counts);
  if (counts.replaced * 100 < counts.known * SUSPICIOUS_PERCENT) return false;
  const total: Counts = { known: 0, replaced: 0, copied: 0 };
  for await (const rows of base.entries()) {
    for (let at = 0; at < rows.length; at += SAMPLE) {
      const more = await count(rows.slice(at, at + SAMPLE), local, inodesCount);
      total.known += more.known;
      total.replaced += more.replaced;
      total.copied += more.copied;
    }
  }
  return isMost(total);
}

/**
 * Whether a file that base knows is another one now, or has an older time: it may have come from a backup. An editor's
 * program that saves into a new file does the same with a single one. Pure.
 */
export function wasReplaced(local: Fingerprint, { fingerprint: known }: BaseEntry, inodesCount: boolean): boolean {
  if (local.mtimeNs < known.mtimeNs) return true;
  if (local.inode === known.inode) return false;
  return inodesCount || local.mtimeNs !== known.mtimeNs || local.size !== known.size;
}

// Of a few files, editors may well have replaced most since the last run; what they save is newer than what was there.
function isMost({ known, replaced, copied }: Counts): boolean {
  if (replaced * 2 <= known) return false;
  return replaced > MANY || (copied > 1 && copied * 2 > known);
}

async function count(rows: readonly Row[], local: Local, inodesCount: boolean): Promise<Counts> {
  const counts: Counts = { known: 0, replaced: 0, copied: 0 };
  const looks = rows.map(async ({ key, entry }) => {
    const found = await look(local, key);
    if (!found) return;
    counts.known += 1;
    if (!wasReplaced(found, entry, inodesCount)) return;
    counts.replaced += 1;
    if (found.mtimeNs <= entry.fingerprint.mtimeNs) counts.copied += 1;
  });
  await Promise.all(looks);
  return counts;
}

/** A file that cannot be looked at says nothing here; the run tells of it. */
async function look(local: Local, key: string): Promise<Fingerprint | undefined> {
  try {
    return await local.stat(key);
  } catch (error) {
    if (error instanceof SyncError && error.code !== 'DIRECTORY_MISSING') return undefined;
    throw error;
  }
}

interface Row {
  key: string;
  entry: BaseEntry;
}

async function rowsOf(base: Base, keys: readonly string[]): Promise<Row[]> {
  const rows = keys.map(async (key) => ({ key, entry: await base.get(key) }));
  // What is no longer known says nothing.
  return (await Promise.all(rows)).flatMap(({ key, entry }) => (entry ? [{ key, entry }] : []));
}

/** A random sample of a stream: each key has the same chance (Vitter's algorithm R). */
class Reservoir {
  readonly keys: string[] = [];
  readonly #size: number;
  seen = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(key: string): void {
    this.seen += 1;
    if (this.keys.length < this.#size) {
      this.keys.push(key);
      return;
    }
    const at = Math.floor(Math.random() * this.seen);
    if (at < this.#size) this.keys[at] = key;
  }
}
