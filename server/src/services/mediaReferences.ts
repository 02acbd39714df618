import type { Core } from '@strapi/strapi';
import { keyOfUpload, uploadOfKey } from './places';
import type { SettingsService } from './settings';
import { FILE_COLUMNS, FILE_UID, namedUploads } from './uploadedFile';

/** Says which files the Media Library still names. */
export interface MediaReferencesService {
  /**
   * @param keys any number of keys; they are looked up 1,000 at a time.
   * @param directory absolute path of the directory the keys are relative to.
   * @returns those that a row of `plugin::upload.file` names, as a file or one of its formats.
   */
  referenced(keys: readonly string[], directory: string): Promise<ReadonlySet<string>>;
}

const KEYS_PER_BATCH = 1_000;

/** Hashes in one query: databases take a limited number of values in a statement. */
const HASHES_PER_QUERY = 1_000;

/** A format is named `<format>_<hash>`; format names seldom hold underscores of their own. */
const MAX_UNDERSCORES = 4;

/** Looks files up by the hashes that their names could hold: never one query for one key. */
export function createMediaReferences(strapi: Core.Strapi, settings: SettingsService): MediaReferencesService {
  async function namesOfRows(hashes: readonly string[]): Promise<Set<string>> {
    const names = new Set<string>();
    for (let at = 0; at < hashes.length; at += HASHES_PER_QUERY) {
      const rows: unknown[] = await strapi.db.query(FILE_UID).findMany({
        select: FILE_COLUMNS,
        where: { hash: { $in: hashes.slice(at, at + HASHES_PER_QUERY) } },
      });
      for (const row of rows) for (const name of namedUploads(row)) names.add(name);
    }
    return names;
  }

  return {
    async referenced(keys, directory) {
      const { project } = settings;
      const found = new Set<string>();
      for (let at = 0; at < keys.length; at += KEYS_PER_BATCH) {
        const names = keys.slice(at, at + KEYS_PER_BATCH).flatMap((key) => uploadOfKey(project, directory, key) ?? []);
        const hashes = new Set(names.flatMap(candidateHashes));
        const named = await namesOfRows([...hashes]);
        for (const name of names) {
          const key = named.has(name) ? keyOfUpload(project, directory, name) : undefined;
          if (key !== undefined) found.add(key);
        }
      }
      return found;
    },
  };
}

/** The hashes of rows that could name this file: its own, and those of which it could be a format. */
export function candidateHashes(name: string): string[] {
  const dot = name.lastIndexOf('.');
  const bare = dot > 0 ? name.slice(0, dot) : name;
  const hashes = [name, bare];
  let from = 0;
  for (let found = 0; found < MAX_UNDERSCORES; found += 1) {
    const underscore = bare.indexOf('_', from);
    if (underscore === -1 || underscore === bare.length - 1) break;
    from = underscore + 1;
    hashes.push(bare.slice(from));
  }
  return hashes;
}
