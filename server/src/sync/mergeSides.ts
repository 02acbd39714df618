import type { Base, BaseEntry } from './base/Base';
import type { RemoteObject } from './bucket/Bucket';
import { compareKeys } from './compareKeys';
import { Cursor } from './Cursor';
import type { Fingerprint } from './Fingerprint';
import type { Local, LocalEntry, LocalUnknown } from './local/Local';

/** Everything known of one key. */
export interface KeySides {
  kind: 'key';
  key: string;
  local: Fingerprint | undefined;
  remote: RemoteObject | undefined;
  base: BaseEntry | undefined;
  /** The walk could not look at this key: nothing may be concluded from `local`. */
  unknown: boolean;
}

export type Merged = KeySides | { kind: 'problem'; problem: LocalUnknown };

/** The three sides as streams, each ascending by the UTF-8 bytes of its keys. */
export interface SortedSides {
  local: ReturnType<Local['walk']>;
  /** `as-base`: the bucket is taken to be as base says. */
  remote: AsyncIterable<RemoteObject[]> | 'as-base';
  base: ReturnType<Base['entries']>;
}

/** Keys handed on together at the most. */
const BATCH = 256;

/**
 * Joins the three sides by key, in one pass and in order; memory holds a few batches and the unknown folders above
 * the current key. What is at hand comes in batches: a step of an asynchronous iteration costs as much as a comparison.
 *
 * @throws whatever a side throws, after what came before it.
 */
export async function* mergeSides(sides: SortedSides): AsyncIterable<Merged[]> {
  const local = new Cursor<LocalEntry>(sides.local);
  const remote = sides.remote === 'as-base' ? undefined : new Cursor<RemoteObject>(sides.remote);
  const base = new Cursor<{ key: string; entry: BaseEntry }>(sides.base);
  const unknownFolders = new UnknownFolders();
  let batch: Merged[] = [];
  try {
    await Promise.all([local.advance(), remote?.advance(), base.advance()]);
    for (;;) {
      const listedKey = smaller(remote?.current?.key, base.current?.key);
      const next = smaller(local.current && placeOf(local.current), listedKey);
      if (next === undefined) break;

      const found = local.current;
      const isHere = found !== undefined && placeOf(found) === next;
      let isBareProblem = false;
      if (isHere && found.kind === 'unknown') {
        batch.push({ kind: 'problem', problem: found });
        // An unknown key goes on below, to be handed on with its other sides; a folder or a bare name is no key.
        if (found.scope === 'folder' || found.scope === 'key-and-folder') unknownFolders.enter(found.key);
        isBareProblem = found.scope === 'folder' || found.scope === 'name';
      }

      let listedAdvance: Promise<void> | undefined;
      let baseAdvance: Promise<void> | undefined;
      if (!isBareProblem) {
        const known = base.current?.key === next ? base.current.entry : undefined;
        const listed = remote?.current?.key === next ? remote.current : undefined;
        batch.push({
          kind: 'key',
          key: next,
          local: isHere && found.kind === 'file' ? found.fingerprint : undefined,
          remote: remote === undefined && known ? objectOf(next, known) : listed,
          base: known,
          unknown: (isHere && found.kind === 'unknown') || unknownFolders.cover(next),
        });
        if (listed) listedAdvance = remote?.advance();
        if (known) baseAdvance = base.advance();
      }
      const localAdvance = isHere ? local.advance() : undefined;

      const isAtHand = !listedAdvance && !baseAdvance && !localAdvance;
      if (isAtHand && batch.length < BATCH) continue;
      const advanced = Promise.all([listedAdvance, baseAdvance, localAdvance]);
      // It is awaited below; until then a rejection must not count as unhandled.
      advanced.catch(() => undefined);
      yield batch;
      batch = [];
      await advanced;
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all([local.close(), remote?.close(), base.close()]);
  }
}

/** @returns what a listing would say of an object that is as base knows it. */
function objectOf(key: string, { fingerprint, etag }: BaseEntry): RemoteObject {
  return { key, size: fingerprint.size, etag, lastModifiedMs: 0 };
}

/** Folders that the walk could not enter, as far as keys below them can still come. */
class UnknownFolders {
  #prefixes: string[] = [];

  enter(folder: string): void {
    this.#prefixes.push(`${folder}/`);
  }

  cover(key: string): boolean {
    if (this.#prefixes.length === 0) return false;
    // Keys come in order: once one is past a folder, nothing below that folder follows.
    this.#prefixes = this.#prefixes.filter((prefix) => key.startsWith(prefix) || compareKeys(key, prefix) < 0);
    return this.#prefixes.some((prefix) => key.startsWith(prefix));
  }
}

function placeOf(entry: LocalEntry): string {
  return entry.kind === 'unknown' && entry.scope === 'folder' ? `${entry.key}/` : entry.key;
}

function smaller(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareKeys(one, other) <= 0 ? one : other;
}
