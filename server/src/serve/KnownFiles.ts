import { lstatSync, type Stats } from 'node:fs';
import { describeError } from '../services/describeError';
import type { Log } from '../services/log';
import type { Base, BaseEntry } from '../sync/base/Base';
import { sameFingerprint, type Fingerprint } from '../sync/Fingerprint';
import { hashFile } from '../sync/hashFile';
import { LocalDirectory } from '../sync/local/LocalDirectory';
import type { BaseAccess } from './BaseAccess';
import type { Serving } from './Serving';

/** Keys remembered, so that an answer with many media asks the base only once for each. */
const MAX_KEYS = 50_000;

/** What base did not know is asked again after so long, in ms. Changes in this process are heard of at once. */
const UNKNOWN_MS = 5_000;

/** Within so many ms two writes can leave the same time behind: the fingerprint of such a file proves nothing yet. */
const RACY_MS = 1_000;

/** The same trouble is told once in so long, in ms. */
const TELL_MS = 60_000;

/** Keys looked up in the base together. */
const BATCH = 256;

/**
 * A file as it was seen, in numbers: these take half as long as the big integers of a fingerprint. They round times to a
 * quarter of a microsecond, which is finer than the clocks of file systems; within `RACY_MS` no time proves anything.
 */
type Sight = Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino'>;

type Remembered = { kind: 'known'; path: string; sight: Sight; md5: string } | { kind: 'unknown'; until: number };

/** What is known of a file without asking anybody: the MD5 of the content that is here and in the bucket, or nothing. */
export type Look = { kind: 'known'; md5: string } | { kind: 'unknown' } | { kind: 'ask' };

/**
 * Knows which files are surely in the bucket with the content that is here. Never asks the store: base says what both
 * sides last agreed on, and one look at the file says whether it is still the same.
 *
 * What base said is remembered until the entry changes; the look is never left out. So a file that somebody replaced,
 * changed or removed is known no more from the next `look` on, and one that the plugin itself writes from the moment its
 * entry changes.
 */
export class KnownFiles {
  readonly #access: Pick<BaseAccess, 'use'>;
  readonly #log: Pick<Log, 'warn'>;
  readonly #remembered = new Map<string, Remembered>();
  /** Keys that the base is being asked for; a change of the entry meanwhile takes the question back. */
  readonly #asking = new Map<string, { isOutdated: boolean }>();
  /** Files are read one after the other: an answer does not wait for it. */
  #reading: Promise<void> = Promise.resolve();
  /** Files that wait for that, or are being read. */
  readonly #toRead = new Map<string, Fingerprint>();
  #serving: Serving | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param log told where the base cannot be read; answers then keep their local URLs. */
  constructor(access: Pick<BaseAccess, 'use'>, log: Pick<Log, 'warn'>) {
    this.#access = access;
    this.#log = log;
  }

  /** @returns `ask` where `learn` has to be asked first. */
  look(serving: Serving, key: string): Look {
    this.#turnTo(serving);
    const remembered = this.#remembered.get(key);
    if (remembered === undefined) return { kind: 'ask' };
    if (remembered.kind === 'unknown') return { kind: Date.now() < remembered.until ? 'unknown' : 'ask' };
    const now = lookAt(remembered.path);
    if (now === undefined) return { kind: 'unknown' };
    return isSame(now, remembered.sight) ? remembered : { kind: 'ask' };
  }

  /** Asks the base for these keys, so that `look` has an answer. Where there is no base, they are unknown for a while. */
  async learn(serving: Serving, keys: Iterable<string>): Promise<void> {
    this.#turnTo(serving);
    const all = [...keys];
    let isLearnt: boolean | undefined;
    try {
      isLearnt = await this.#access.use(serving, async ({ base }) => {
        for (let at = 0; at < all.length; at += BATCH) {
          await Promise.all(all.slice(at, at + BATCH).map((key) => this.#learnOne(serving, base, key)));
        }
        return true;
      });
    } catch (error) {
      // An answer is not to fail for that; the next run sets a damaged base aside and tells of it.
      this.#tell(error);
    }
    if (isLearnt === true) return;
    for (const key of all) this.#remember(key, { kind: 'unknown', until: Date.now() + UNKNOWN_MS });
  }

  /** The entries of these keys change: what was remembered may be wrong. */
  forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#remembered.delete(key);
      const question = this.#asking.get(key);
      if (question) question.isOutdated = true;
      this.#asking.delete(key);
    }
  }

  async #learnOne(serving: Serving, base: Base, key: string): Promise<void> {
    const question = this.#asking.get(key) ?? { isOutdated: false };
    this.#asking.set(key, question);
    const [entry, intent] = await Promise.all([base.get(key), base.intent(key)]);
    if (question.isOutdated) return;
    this.#asking.delete(key);
    // While something was begun and not ended, neither side needs to be what base says.
    const seen = entry && !intent ? seenAs(entry.fingerprint, pathOf(serving, key)) : undefined;
    if (!entry || !seen) {
      this.#remember(key, { kind: 'unknown', until: Date.now() + UNKNOWN_MS });
    } else if (entry.racy) {
      this.#remember(key, { kind: 'unknown', until: Date.now() + RACY_MS });
      this.#readLater(serving, key, entry);
    } else {
      this.#remember(key, { kind: 'known', ...seen, md5: entry.md5 });
    }
  }

  /** A file that was fresh when it was uploaded is read once more, when a later write would show in its times. */
  #readLater(serving: Serving, key: string, entry: BaseEntry): void {
    const ageMs = Date.now() - Number(entry.fingerprint.mtimeNs / 1_000_000n);
    const waiting = this.#toRead.get(key);
    if (ageMs < RACY_MS || (waiting && sameFingerprint(waiting, entry.fingerprint))) return;
    this.#toRead.set(key, entry.fingerprint);
    this.#reading = this.#reading.then(async () => {
      // What cannot be read stays unknown; the next walk tells why.
      const md5 = await readUnchanged(serving, key, entry.fingerprint).catch(() => undefined);
      if (this.#toRead.get(key) === entry.fingerprint) this.#toRead.delete(key);
      if (md5 !== entry.md5 || this.#serving !== serving || this.#remembered.get(key)?.kind !== 'unknown') return;
      const seen = seenAs(entry.fingerprint, pathOf(serving, key));
      if (seen) this.#remember(key, { kind: 'known', ...seen, md5 });
    });
  }

  #tell(error: unknown): void {
    if (Date.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = Date.now();
    this.#log.warn(
      `Which files are in the bucket is not known, so they keep their local URLs. ${describeError(error)}`,
    );
  }

  #remember(key: string, what: Remembered): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, what);
    if (this.#remembered.size <= MAX_KEYS) return;
    const [oldest] = this.#remembered.keys();
    if (oldest !== undefined) this.#remembered.delete(oldest);
  }

  /** Another bucket or directory: nothing of what was known counts. */
  #turnTo(serving: Serving): void {
    if (this.#serving === serving) return;
    this.#serving = serving;
    this.#remembered.clear();
    this.#toRead.clear();
  }
}

function pathOf({ directory }: Serving, key: string): string {
  return `${directory}/${key}`;
}

/** @returns how to know the file again, or `undefined` where it is not the one of this fingerprint. */
function seenAs(expected: Fingerprint, path: string): { path: string; sight: Sight } | undefined {
  // In this order: a file that comes in between is not taken for the one that was seen.
  const stats = lookAt(path);
  const fingerprint = fingerprintNow(path);
  if (!stats || !fingerprint || !sameFingerprint(expected, fingerprint)) return undefined;
  const { size, mtimeMs, ctimeMs, ino } = stats;
  return { path, sight: { size, mtimeMs, ctimeMs, ino } };
}

function fingerprintNow(path: string): Fingerprint | undefined {
  try {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && { size: Number(stats.size), mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs, inode: stats.ino };
  } catch {
    return undefined;
  }
}

/** Not asynchronous: an answer may hold thousands of files, and each look takes a few microseconds. */
function lookAt(path: string): Stats | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? stats : undefined;
  } catch {
    // What cannot be looked at is not surely the same.
    return undefined;
  }
}

function isSame(now: Stats, { size, mtimeMs, ctimeMs, ino }: Sight): boolean {
  return now.size === size && now.mtimeMs === mtimeMs && now.ctimeMs === ctimeMs && now.ino === ino;
}

/** @returns the MD5 of the file, or `undefined` where it is not the one of this fingerprint before and after. */
async function readUnchanged({ directory }: Serving, key: string, expected: Fingerprint): Promise<string | undefined> {
  const file = await new LocalDirectory(directory).open(key);
  try {
    if (!sameFingerprint(expected, await file.fingerprint())) return undefined;
    const { md5 } = await hashFile(file, expected.size, undefined, undefined);
    return sameFingerprint(expected, await file.fingerprint()) ? md5 : undefined;
  } finally {
    await file.close();
  }
}
