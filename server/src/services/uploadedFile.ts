import { z } from 'zod';

/** The model of the Media Library's files. */
export const FILE_UID = 'plugin::upload.file';

const stored = z.object({ hash: z.string().min(1), ext: z.string().nullish() });

/** What of a row of the Media Library tells where its bytes are. */
const fileRow = stored.extend({
  provider: z.string().nullish(),
  formats: z.record(z.string(), z.unknown()).nullish().catch(undefined),
});

/** Columns needed for `uploadNames`. */
export const FILE_COLUMNS = ['id', 'hash', 'ext', 'formats', 'provider'];

/**
 * The names of a media row's files in `uploads/`: the file itself, then its formats.
 * The local provider writes each to its hash and extension.
 *
 * @param row a row of `plugin::upload.file`, whole or with `FILE_COLUMNS`.
 * @returns the names, none for a row of another provider, or `undefined` where the row does not tell.
 */
export function uploadNames(row: unknown): string[] | undefined {
  const file = fileRow.safeParse(row);
  if (!file.success) return undefined;
  const { provider, formats } = file.data;
  if (provider !== null && provider !== undefined && provider !== 'local') return [];
  return namesOf(file.data, formats);
}

/** The same, whatever the provider: for the question whether a row still names a file. */
export function namedUploads(row: unknown): string[] {
  const file = fileRow.safeParse(row);
  return file.success ? namesOf(file.data, file.data.formats) : [];
}

function namesOf(file: z.output<typeof stored>, formats: Record<string, unknown> | null | undefined): string[] {
  const parsed = Object.values(formats ?? {}).map((format) => stored.safeParse(format));
  const files = [file, ...parsed.flatMap(({ data }) => (data === undefined ? [] : [data]))];
  return files.map(({ hash, ext }) => `${hash}${ext ?? ''}`);
}
