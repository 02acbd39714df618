import { z } from 'zod';
import { uploadNames } from '../services/uploadedFile';

/** Rows read at a time. */
export const PAGE = 1_000;

const rowId = z.object({ id: z.number() });

/**
 * The names of all files of the rows that one statement is about to change, read a page at a time: rows with their
 * formats are large, their names are not.
 *
 * @param readPage gives the next `PAGE` rows whose id is greater, in the order of their ids.
 * @param most names that are of use.
 * @returns `undefined` where there are more, or where a row does not tell.
 */
export async function learnNames(
  readPage: (afterId: number) => Promise<readonly unknown[]>,
  most: number,
): Promise<string[] | undefined> {
  const names: string[] = [];
  let afterId = 0;
  for (;;) {
    const rows = await readPage(afterId);
    const found = namesOf(rows);
    if (found === undefined || names.length + found.length > most) return undefined;
    for (const name of found) names.push(name);
    const last = rowId.safeParse(rows.at(-1));
    if (rows.length < PAGE || !last.success) return names;
    afterId = last.data.id;
  }
}

/** The names of the files of some rows; `undefined` where one of the rows does not tell. */
export function namesOf(rows: readonly unknown[]): string[] | undefined {
  const names: string[] = [];
  for (const row of rows) {
    const found = uploadNames(row);
    if (found === undefined) return undefined;
    names.push(...found);
  }
  return names;
}
