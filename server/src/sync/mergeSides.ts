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
  remote: AsyncIterable<RemoteObject[]>;
  base: ReturnType<Base['entries']>;
}

/**
 * Joins the three sides by key, in one pass and in order; memory holds a few batches and the unknown folders above
 * the current key.
 *
 * @throws whatever a side throws.
 */
export async function* mergeSides(sides: SortedSides): AsyncIterable<Merged> {
  const local = new Cursor<LocalEntry>(sides.local);
  const remote = new Cursor<RemoteObject>(sides.remote);
  const base = new Cursor<{ key: string; entry: BaseEntry }>(sides.base);
  const unknownFolders = new UnknownFolders();
  try {
    await Promise.all([local.advance(), remote.advance(), base.advance()]);
    for (;;) {
      const next = smallestKey(local.current && placeOf(local.current), remote.current?.key, base.current?.key);
      if (next === undefined) return;

      const found = local.current;
      const isHere = found !== undefined && placeOf(found) === next;
      if (isHere && found.kind === 'unknown') {
        yield { kind: 'problem', problem: found };
        // An unknown key goes on below, to be yielded with its other sides; a folder or a bare name is no key.
        if (found.scope === 'folder' || found.scope === 'key-and-folder') unknownFolders.enter(found.key);
        if (found.scope === 'folder' || found.scope === 'name') {
          await local.advance();
          continue;
        }
      }

      const sidesOfKey: KeySides = {
        kind: 'key',
        key: next,
        local: isHere && found.kind === 'file' ? found.fingerprint : undefined,
        remote: remote.current?.key === next ? remote.current : undefined,
        base: base.current?.key === next ? base.current.entry : undefined,
        unknown: (isHere && found.kind === 'unknown') || unknownFolders.cover(next),
      };
      const waits = [
        isHere && local.advance(),
        sidesOfKey.remote && remote.advance(),
        sidesOfKey.base && base.advance(),
      ].filter((wait) => wait instanceof Promise);
      if (waits.length > 0) await Promise.all(waits);
      yield sidesOfKey;
    }
  } finally {
    await Promise.all([local.close(), remote.close(), base.close()]);
  }
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

function smallestKey(...keys: (string | undefined)[]): string | undefined {
  let smallest: string | undefined;
  for (const key of keys) {
    if (key !== undefined && (smallest === undefined || compareKeys(key, smallest) < 0)) smallest = key;
  }
  return smallest;
}
