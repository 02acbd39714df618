/**
 * Finds the name a person probably meant: the same letters in another case or with other separators
 * (`bucket_name` for `bucketName`), or at most two slips away (`MUTLI` for `MULTI`).
 *
 * @returns the nearest of the names, or `undefined` where none is near.
 */
export function nearestName<Name extends string>(typed: string, names: readonly Name[]): Name | undefined {
  const wanted = bare(typed);
  let nearest: { name: Name; slips: number } | undefined;
  for (const name of names) {
    const slips = countSlips(wanted, bare(name));
    if (nearest === undefined || slips < nearest.slips) nearest = { name, slips };
  }
  if (nearest === undefined) return undefined;
  return nearest.slips <= Math.min(2, Math.floor(wanted.length / 2)) ? nearest.name : undefined;
}

function bare(name: string): string {
  // A typed name can be of any length; no known one is longer than this.
  return name
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** Levenshtein distance in which two neighbours that changed places count as one slip. */
function countSlips(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = at(last, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      let slips = Math.min(replaced, at(last, column) + 1, at(current, column - 1) + 1);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        slips = Math.min(slips, at(beforeLast, column - 2) + 1);
      }
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
