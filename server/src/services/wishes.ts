import type { TriggerName } from '../routes/contract';

/** What asks for a sync: some files by name, what other servers changed, or everything. */
export interface Wish {
  trigger: TriggerName;
  /** Names of files in `uploads/` that a person put or deleted. */
  uploads?: readonly string[];
  /**
   * Those of them whose entry in the Media Library was deleted here. Beside a wish for everything: those that still wait
   * to be deleted by name, and come first.
   */
  deleted?: readonly string[];
  /** The same, as keys: a person put them. */
  keys?: readonly string[];
  /** What others changed, as the feed tells. */
  changes?: FeedChanges;
  /** Both sides are compared, and not only the local one with what was last agreed on. */
  whole?: boolean;
}

/** Keys that others changed. */
export interface FeedChanges {
  /** Each with whether its last change was made by name. */
  keys: ReadonlyMap<string, boolean>;
  /** With these keys every row of the feed up to here was told. */
  position: number;
}

/** Takes wishes of the services to the queue of the triggers. */
export interface WishesService {
  /** Notes a wish and returns at once. Where no server listens nobody hears it: the next walk finds the files. */
  add(wish: Wish): void;
  /** @returns a function that ends the listening. */
  listen(listener: (wish: Wish) => void): () => void;
}

/** Makes the service of one Strapi. */
export function createWishes(): WishesService {
  const listeners = new Set<(wish: Wish) => void>();
  return {
    add(wish) {
      for (const listener of listeners) listener(wish);
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
