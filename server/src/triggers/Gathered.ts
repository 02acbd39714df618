import type { FeedChanges, Wish } from '../services/wishes';

/** More files by name than this become a look at everything: what waits stays small, however long it waits. */
export const MAX_NAMES = 10_000;

/**
 * So many deletes by name are kept, since a look at everything takes them for mere absence: a guard may withhold them,
 * and in MULTI mode the file may come back. About 20 MB of names.
 */
export const MAX_DELETED = 200_000;

/** Wishes of one kind that wait together. Adding to it takes no longer where much waits already. */
export class Gathered {
  /** Of the first one. */
  readonly trigger: Wish['trigger'];
  /** When they are due, in ms since the epoch. */
  dueAt: number;
  #put: Set<string> | undefined;
  #keys: Set<string> | undefined;
  #deleted: Set<string> | undefined;
  #changes: FeedChanges | undefined;
  #whole = false;
  #hasDropped = false;

  constructor(wish: Wish, dueAt: number) {
    this.trigger = wish.trigger;
    this.dueAt = dueAt;
    this.add(wish, dueAt);
  }

  /** Puts a wish to the others; what is due first decides when. */
  add({ uploads, keys, deleted, changes, whole }: Wish, dueAt: number): void {
    this.dueAt = Math.min(this.dueAt, dueAt);
    this.#whole ||= whole === true;
    if (changes !== undefined) this.#changes = this.#changes ? mergeChanges(this.#changes, changes) : changes;
    if (uploads !== undefined) this.#addUploads(uploads, new Set(deleted));
    if (keys !== undefined) this.#keys = addAll(this.#keys, keys);
    if ((this.#put?.size ?? 0) + (this.#keys?.size ?? 0) <= MAX_NAMES) return;
    this.#put?.clear();
    this.#keys = undefined;
    this.#hasDropped = true;
  }

  /** Names of files that were deleted; `undefined` where none was. */
  get deleted(): readonly string[] | undefined {
    return this.#deleted && [...this.#deleted];
  }

  /** Whether names had to be dropped since this was last asked: only a look at everything finds these files. */
  takeDropped(): boolean {
    const hasDropped = this.#hasDropped;
    this.#hasDropped = false;
    return hasDropped;
  }

  /** Whether any file is left by name. */
  get hasNames(): boolean {
    return (this.#put?.size ?? 0) + (this.#keys?.size ?? 0) + (this.#deleted?.size ?? 0) > 0;
  }

  /** All of them as one. */
  toWish(): Wish {
    const { deleted } = this;
    return {
      trigger: this.trigger,
      ...(this.#put === undefined ? {} : { uploads: [...new Set([...(deleted ?? []), ...this.#put])] }),
      ...(this.#keys === undefined ? {} : { keys: [...this.#keys] }),
      ...(deleted === undefined ? {} : { deleted }),
      ...(this.#changes === undefined ? {} : { changes: this.#changes }),
      ...(this.#whole ? { whole: true } : {}),
    };
  }

  #addUploads(uploads: readonly string[], deleted: ReadonlySet<string>): void {
    this.#put ??= new Set();
    for (const name of uploads) {
      if (!deleted.has(name)) this.#put.add(name);
      else if (this.#deleted === undefined) this.#deleted = new Set([name]);
      else if (this.#deleted.size < MAX_DELETED || this.#deleted.has(name)) this.#deleted.add(name);
      else this.#hasDropped = true;
    }
  }
}

function addAll(known: Set<string> | undefined, names: readonly string[]): Set<string> {
  const all = known ?? new Set();
  for (const name of names) all.add(name);
  return all;
}

function mergeChanges(one: FeedChanges, other: FeedChanges): FeedChanges {
  const [older, newer] = one.position <= other.position ? [one, other] : [other, one];
  return { keys: new Map([...older.keys, ...newer.keys]), position: newer.position };
}
