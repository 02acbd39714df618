import picomatch from 'picomatch';
import { compareKeys } from './compareKeys';

/** The folder, below the synced directory or the bucket prefix, that holds this plugin's own files. */
export const STATE_FOLDER = '.s3-sync';

/** Files being written by this plugin end so; they are never synced. */
export const TEMPORARY_SUFFIX = '.s3-sync-tmp';

export interface KeyFilterOptions {
  /** Globs of keys to sync; `**` takes everything. */
  include: readonly string[];
  /** Globs of keys to leave alone on both sides. */
  exclude: readonly string[];
}

/** Decides which keys are synced. What it does not match is never uploaded, downloaded or deleted, on either side. */
export interface KeyFilter {
  readonly options: KeyFilterOptions;
  /**
   * Strings with which every matching key begins: sorted by UTF-8 bytes, none a prefix of another.
   * They keep walks and listings away from everything else.
   */
  readonly prefixes: readonly string[];
  matches(key: string): boolean;
  /** Whether a folder (a key without a trailing slash) can hold a matching key. */
  entersFolder(folder: string): boolean;
}

// Extended globs (`+(a|b)`) are left out, and a `+` is no quantifier: nested ones make regular expressions that run
// for ever. As an ordinary character `+` is also what names such as `c++.pdf` mean.
// With the flag `s`, a line feed in a name is a character like any other.
const GLOB_OPTIONS = { dot: true, noextglob: true, regex: false, nonegate: true, flags: 's' } as const;

/**
 * Makes a filter of globs. `*` stays in one folder, `**` crosses folders, names that begin with a dot are ordinary
 * names (the default excludes leave them out).
 *
 * @throws {Error} where a glob cannot be compiled.
 */
export function createKeyFilter(options: KeyFilterOptions): KeyFilter {
  // Each glob takes only what begins with its fixed part: `uploads/**` alone would also take a file named `uploads`.
  const included = options.include.map((glob) => ({
    prefix: staticPrefix(glob),
    matches: matcherOf(glob),
  }));
  const excluded = picomatch([...options.exclude], GLOB_OPTIONS);
  const folderExcluded = picomatch(
    options.exclude.filter((glob) => glob.endsWith('/**')).map((glob) => glob.slice(0, -'/**'.length)),
    GLOB_OPTIONS,
  );
  const prefixes = disjointPrefixes(included.map(({ prefix }) => prefix));

  return {
    options: { include: [...options.include], exclude: [...options.exclude] },
    prefixes,
    matches: (key) =>
      included.some(({ prefix, matches }) => key.startsWith(prefix) && matches(key)) &&
      !isOwnFile(key) &&
      !excluded(key),
    entersFolder(folder) {
      const inside = `${folder}/`;
      if (isOwnFile(inside) || folderExcluded(folder)) return false;
      return prefixes.some((prefix) => prefix.startsWith(inside) || inside.startsWith(prefix));
    },
  };
}

function isOwnFile(key: string): boolean {
  return key.endsWith(TEMPORARY_SUFFIX) || key.startsWith(`${STATE_FOLDER}/`) || key.includes(`/${STATE_FOLDER}/`);
}

/** `uploads/**`, the usual one, takes whatever begins with its fixed part: a walk asks for each file. */
function matcherOf(glob: string): (key: string) => boolean {
  const matches = picomatch(glob, GLOB_OPTIONS);
  const isUsual = picomatch.scan(glob, GLOB_OPTIONS).glob === '**';
  return isUsual ? (key) => !key.includes('/.') || matches(key) : matches;
}

/** `uploads/**` gives `uploads/`, `favicon.ico` itself, `*.txt` the empty string. */
function staticPrefix(glob: string): string {
  const { base, glob: rest } = picomatch.scan(glob, GLOB_OPTIONS);
  if (rest === '') return glob;
  return base === '' ? '' : `${base}/`;
}

/** Sorts, and drops each one that another one covers. */
function disjointPrefixes(prefixes: readonly string[]): string[] {
  const sorted = [...prefixes].sort(compareKeys);
  const kept: string[] = [];
  for (const prefix of sorted) {
    const last = kept.at(-1);
    if (last === undefined || !prefix.startsWith(last)) kept.push(prefix);
  }
  return kept;
}
