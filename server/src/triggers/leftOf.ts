import type { Wish } from '../services/wishes';

/**
 * What of a wish is still to be done: one file that fails for days must not make all others be asked for again. Pure.
 *
 * @param left keys that are not done.
 * @param keyOf the key of a file in `uploads/`, if it is synced.
 * @returns the wish itself where it does not name all of them.
 */
export function leftOf(wish: Wish, left: ReadonlySet<string>, keyOf: (name: string) => string | undefined): Wish {
  const { uploads, deleted, keys, changes } = wish;
  const isLeft = (name: string): boolean => left.has(keyOf(name) ?? '');
  const rest: Wish = {
    ...wish,
    ...(uploads === undefined ? {} : { uploads: uploads.filter(isLeft) }),
    ...(deleted === undefined ? {} : { deleted: deleted.filter(isLeft) }),
    ...(keys === undefined ? {} : { keys: keys.filter((key) => left.has(key)) }),
    ...(changes === undefined
      ? {}
      : { changes: { ...changes, keys: new Map([...changes.keys].filter(([key]) => left.has(key))) } }),
  };
  const found = new Set([
    ...(rest.uploads ?? []).map(keyOf),
    ...(rest.keys ?? []),
    ...(rest.changes?.keys.keys() ?? []),
  ]);
  // What failed beside what was asked for, as files below a folder that was in the way, is found by the whole wish only.
  return found.size === left.size ? rest : wish;
}
