import { constants, lstatSync, type BigIntStats, type Dirent } from 'node:fs';
import { lstat, mkdir, opendir, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkKey } from '../checkKey';
import { compareKeys } from '../compareKeys';
import { errorCode } from '../errorCode';
import type { Fingerprint } from '../Fingerprint';
import type { KeyFilter } from '../KeyFilter';
import { SyncError } from '../SyncError';
import { Blocked } from './Blocked';
import { DiskReads } from './DiskReads';
import { DistinctNames } from './DistinctNames';
import { isTemporaryName } from './temporaryName';
import type { Local, LocalEntry, LocalFile, LocalUnknown, OpenFile } from './Local';
import { SharedWork } from '../SharedWork';
import { throwIfCancelled } from '../throwIfCancelled';

/** The one folder that may be a symlink: Capistrano and the like share it between releases. */
const LINKABLE_FOLDER = 'uploads';

/** Files looked at together. */
const LOOKS_A_TURN = 256;

/** A disk that answers within so many milliseconds has the answer in memory. */
const QUICK_LOOK_MS = 1;

/** Milliseconds for which looks may hold up the event loop. */
const HELD_UP_MS = 4;

/** Stands for bytes that are no valid UTF-8 when Node decodes a name; a name may hold it, too. */
const REPLACEMENT = '\ufffd';

/** Names sorted out before other work gets its turn. */
const NAMES_A_TURN = 1_000;

/** Without such a character, JavaScript's own order is that of the UTF-8 bytes, and many times faster. */
const SURROGATE = /[\ud800-\udfff]/;

/** What of a folder is neither a plain file nor a folder that is entered. */
type OddKind = 'link' | 'link-as-file' | 'link-as-folder' | 'undecodable';

/**
 * Something in a folder, by the name that it sorts by: a folder's ends with a slash, since the keys below it stand at
 * that place. A bare string, but for what is odd: a folder may hold a million of them.
 */
type ListedName = string | { sortName: string; kind: OddKind };

/** A name of a folder that is being walked, spelt out. */
interface Name {
  key: string;
  kind: 'file' | 'folder' | OddKind;
}

type Entry = Pick<Dirent, 'isDirectory' | 'isSymbolicLink'>;

/** Entries of a folder that are read from the disk at a time. */
const ENTRIES_AT_A_TIME = 1_000;

/** Milliseconds for which the place where the root's links end is not looked up again. */
const ROOT_TRUSTED_MS = 1_000;

/** Milliseconds for which the folders on the way to a file are not looked at again; no absence is believed so. */
const FOLDER_TRUSTED_MS = 100;

/** Folders that are remembered at a time. */
const FOLDERS_REMEMBERED = 1_000;

/** What stands in the place of a key that is to be written. */
export interface Place {
  path: string;
  /** `undefined` where nothing was found, which is no proof that nothing is there. */
  found: Fingerprint | 'folder' | undefined;
}

/** The files below a directory of the local file system. */
export class LocalDirectory implements Local {
  readonly #root: string;
  /** Where the root's links ended, and when that was looked up. */
  #lookedUp: { root: string; at: number } | undefined;
  readonly #onTemporary: (path: string) => void;
  readonly #distinctNames = new DistinctNames();
  readonly #disk = new DiskReads();
  /** Where the files of a folder are, and when that was looked up. */
  readonly #folders = new Map<string, { path: string; root: string; at: number }>();
  readonly #lookUps = new Map<string, SharedWork<string | undefined>>();

  /**
   * @param root absolute path of the synced directory.
   * @param onTemporary called with the path of each temporary file that a walk comes by.
   */
  constructor(root: string, onTemporary: (path: string) => void = () => undefined) {
    this.#root = root;
    this.#onTemporary = onTemporary;
  }

  async *walk(filter: KeyFilter, signal?: AbortSignal): AsyncIterable<LocalEntry[]> {
    const root = await realDirectory(this.#root);
    const stack: Array<{ folder: string; names: ListedName[]; next: number }> = [];
    const enter = async (key: string, path: string): Promise<LocalUnknown | undefined> => {
      try {
        stack.push({ folder: key, names: await readNames(key, path, filter, this.#onTemporary), next: 0 });
        return undefined;
      } catch (error) {
        // A folder that went away since its parent was read is absent; a link whose target is away is not.
        if (isGone(error) && key !== LINKABLE_FOLDER) return undefined;
        return unknown(key, 'folder', unreadable(key, error));
      }
    };

    stack.push({ folder: '', names: await this.#readRoot(root, filter), next: 0 });

    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      throwIfCancelled(signal);
      const { folder } = frame;
      const name = spellOut(folder, frame.names[frame.next]);
      if (!name) {
        stack.pop();
      } else if (name.kind === 'folder') {
        frame.next += 1;
        const problem = await enter(name.key, join(root, name.key));
        if (problem) yield [problem];
      } else {
        const batch: Name[] = [];
        for (let one: Name | undefined = name; one && one.kind !== 'folder' && batch.length < LOOKS_A_TURN;) {
          batch.push(one);
          frame.next += 1;
          one = spellOut(folder, frame.names[frame.next]);
        }
        yield (await this.#lookAtAll(root, batch)).filter((entry) => entry !== undefined);
      }
    }
  }

  async stat(key: string): Promise<Fingerprint | undefined> {
    const root = await this.#realRoot();
    const path = await this.#resolveBelow(root, key);
    if (path === undefined) return undefined;
    try {
      const stats = await lstat(path, { bigint: true });
      await this.#distinctNames.require(key, path, stats.ino);
      // Where a folder stands there is surely no file of that name.
      return stats.isDirectory() ? undefined : fingerprintOf(key, stats);
    } catch (error) {
      if (isGone(error)) return (await this.isStillAt(path, key)) ? undefined : this.stat(key);
      throw error instanceof SyncError ? error : unreadable(key, error);
    }
  }

  async open(key: string): Promise<OpenFile> {
    const path = await this.#resolve(key);
    if (path === undefined) throw vanished(key);
    try {
      // Without O_NONBLOCK, opening a pipe that took the file's place would wait for ever.
      const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
      return new OpenLocalFile(key, this.#disk, await this.#disk.open(path, flags));
    } catch (error) {
      if (isGone(error)) throw vanished(key);
      throw errorCode(error) === 'ELOOP' ? symlink(key) : unreadable(key, error);
    }
  }

  /**
   * The path of a key that is to be written; missing folders on the way are made.
   * @throws {Blocked} where a file stands in the place of a folder.
   * @throws {SyncError} as `stat`.
   */
  async pathForWriting(key: string): Promise<string> {
    const direct = await this.#resolve(key);
    if (direct !== undefined) return direct;
    const names = key.split('/');
    for (let depth = 1; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join('/');
      const parent = await this.#resolve(`${folder}/x`);
      if (parent === undefined) await this.#makeFolder(folder, key);
    }
    const path = await this.#resolve(key);
    if (path === undefined) throw new Blocked(key, folderOf(key));
    return path;
  }

  /**
   * Looks at the place of a key that is to be written; missing folders on the way are made.
   * @throws as `pathForWriting`.
   */
  async placeForWriting(key: string): Promise<Place> {
    const path = await this.pathForWriting(key);
    try {
      const stats = await lstat(path, { bigint: true });
      await this.#distinctNames.require(key, path, stats.ino);
      return { path, found: stats.isDirectory() ? 'folder' : fingerprintOf(key, stats) };
    } catch (error) {
      if (isGone(error)) return { path, found: undefined };
      throw error instanceof SyncError ? error : unreadable(key, error);
    }
  }

  /**
   * Whether a path is the key's own: neither the root nor a folder on the way is elsewhere by now. Looked up after this
   * was called, once for all who ask meanwhile.
   * @throws {SyncError} as `stat`: then nothing is known to be absent.
   */
  async isStillAt(path: string, key: string): Promise<boolean> {
    const { folder, name } = partsOf(key);
    const lookUp = this.#lookUps.get(folder) ?? new SharedWork(() => this.#lookUpFolder(folder, key), nextTurn);
    this.#lookUps.set(folder, lookUp);
    try {
      // An error names the key that it was looked up for: each gets its own.
      const found = await lookUp.run().catch(() => this.#lookUpFolder(folder, key));
      return found !== undefined && join(found, name) === path;
    } finally {
      if (lookUp.isIdle) this.#lookUps.delete(folder);
    }
  }

  /** What was known of folders is to be looked up anew: some were taken away. */
  forgetFolders(): void {
    this.#folders.clear();
  }

  async #makeFolder(folder: string, key: string): Promise<void> {
    const path = await this.#resolve(folder);
    if (path === undefined) throw new Blocked(key, folderOf(folder));
    try {
      await mkdir(path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw unreadable(key, error);
      if (!(await lstat(path)).isDirectory()) throw new Blocked(key, folder);
    }
  }

  async #readRoot(root: string, filter: KeyFilter): Promise<ListedName[]> {
    try {
      return await readNames('', root, filter, this.#onTemporary);
    } catch (error) {
      throw missing(root, error);
    }
  }

  /** @returns the path of a key, or `undefined` where a folder on the way is absent. */
  async #resolve(key: string): Promise<string | undefined> {
    return this.#resolveBelow(await this.#realRoot(), key);
  }

  async #resolveBelow(root: string, key: string): Promise<string | undefined> {
    const reason = checkKey(key);
    if (reason) throw unsafe(key, reason);
    const { folder, name } = partsOf(key);
    const known = this.#folders.get(folder);
    const isTrusted = known?.root === root && performance.now() - known.at < FOLDER_TRUSTED_MS;
    const path = isTrusted ? known.path : await this.#folderBelow(root, folder, key);
    return path === undefined ? undefined : join(path, name);
  }

  /** @returns the path of a folder, looked up; `undefined` where it or one on the way is absent. */
  async #folderBelow(root: string, folder: string, key: string): Promise<string | undefined> {
    const at = performance.now();
    let path = root;
    for (const [depth, name] of namesOfFolder(folder).entries()) {
      path = join(path, name);
      try {
        const stats = await lstat(path, { bigint: true });
        await this.#distinctNames.require(key, path, stats.ino);
        if (stats.isSymbolicLink()) {
          if (depth !== 0 || name !== LINKABLE_FOLDER) throw symlink(key);
          path = await realDirectory(path);
        } else if (!stats.isDirectory()) {
          return await this.#folderElsewhere(root, folder, key);
        }
      } catch (error) {
        if (isGone(error)) return this.#folderElsewhere(root, folder, key);
        throw error instanceof SyncError ? error : unreadable(key, error);
      }
    }
    if (this.#folders.size >= FOLDERS_REMEMBERED) this.#folders.clear();
    this.#folders.set(folder, { path, root, at });
    return path;
  }

  async #folderElsewhere(root: string, folder: string, key: string): Promise<string | undefined> {
    return (await this.#hasMovedFrom(root)) ? this.#folderBelow(await this.#realRoot(), folder, key) : undefined;
  }

  async #lookUpFolder(folder: string, key: string): Promise<string | undefined> {
    try {
      const root = await realDirectory(this.#root);
      this.#lookedUp = { root, at: performance.now() };
      const path = await this.#folderBelow(root, folder, key);
      if (path === undefined) this.#folders.delete(folder);
      return path;
    } catch (error) {
      this.#folders.delete(folder);
      throw error;
    }
  }

  async #realRoot(): Promise<string> {
    const known = this.#lookedUp;
    if (known && performance.now() - known.at < ROOT_TRUSTED_MS) return known.root;
    const root = await realDirectory(this.#root);
    this.#lookedUp = { root, at: performance.now() };
    return root;
  }

  /**
   * Whether the root is another folder by now: what is absent in the old one says nothing.
   * @throws {SyncError} `DIRECTORY_MISSING`: then nothing is known to be absent.
   */
  async #hasMovedFrom(root: string): Promise<boolean> {
    this.#lookedUp = { root: await realDirectory(this.#root), at: performance.now() };
    return this.#lookedUp.root !== root;
  }

  /**
   * Looks at files by the thread pool, which costs five times as much as a look from here and does not stand still where
   * the disk does. So only as long as the disk is quick, the others of a batch are looked at from here.
   */
  async #lookAtAll(root: string, [first, ...others]: readonly Name[]): Promise<(LocalEntry | undefined)[]> {
    if (first === undefined) return [];
    const begun = performance.now();
    const entries = [await this.#look(root, first)];
    const turnEnds = performance.now() + HELD_UP_MS;
    if (performance.now() - begun < QUICK_LOOK_MS) {
      while (entries.length <= others.length && performance.now() < turnEnds) {
        const name = others[entries.length - 1];
        if (name) entries.push(lookNow(root, name));
      }
    }
    const slow = others.slice(entries.length - 1).map((name) => this.#look(root, name));
    return slow.length === 0 ? entries : [...entries, ...(await Promise.all(slow))];
  }

  async #look(root: string, { key, kind }: Name): Promise<LocalEntry | undefined> {
    const problem = problemOf(key, kind);
    if (problem) return problem;
    try {
      return fileOf(key, await lstat(join(root, key), { bigint: true }));
    } catch (error) {
      return unseen(key, error);
    }
  }
}

function lookNow(root: string, { key, kind }: Name): LocalEntry | undefined {
  const problem = problemOf(key, kind);
  if (problem) return problem;
  try {
    // A key is a relative path in order: nothing is left for `join` to do.
    const stats = lstatSync(`${root}/${key}`, { bigint: true, throwIfNoEntry: false });
    return stats && fileOf(key, stats);
  } catch (error) {
    return unseen(key, error);
  }
}

/** What is wrong with a name, whatever stands there. */
function problemOf(key: string, kind: Name['kind']): LocalUnknown | undefined {
  switch (kind) {
    case 'undecodable':
      return unknown(key, 'name', unsafe(key, 'its name is not valid UTF-8'));
    case 'link':
      return unknown(key, 'key-and-folder', symlink(key));
    case 'link-as-file':
      return unknown(key, 'key', symlink(key));
    case 'link-as-folder':
      return unknown(key, 'folder', symlink(key));
    default: {
      const reason = checkKey(key);
      return reason === undefined ? undefined : unknown(key, 'key', unsafe(key, reason));
    }
  }
}

function fileOf(key: string, stats: BigIntStats): LocalFile {
  return { kind: 'file', key, fingerprint: fingerprintOf(key, stats) };
}

/** A file that went away is absent; one that could not be looked at is not. */
function unseen(key: string, error: unknown): LocalUnknown | undefined {
  if (isGone(error)) return undefined;
  return unknown(key, 'key', error instanceof SyncError ? error : unreadable(key, error));
}

class OpenLocalFile implements OpenFile {
  readonly #key: string;
  readonly #disk: DiskReads;
  readonly #file: number;
  readonly #pending = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(key: string, disk: DiskReads, file: number) {
    this.#key = key;
    this.#disk = disk;
    this.#file = file;
  }

  async fingerprint(): Promise<Fingerprint> {
    return fingerprintOf(this.#key, await this.#use((file) => this.#disk.stat(file)));
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length;) {
      const bytesRead = await this.#use((file) =>
        this.#disk.read(file, buffer, filled, length - filled, offset + filled),
      );
      if (bytesRead === 0) throw vanished(this.#key);
      filled += bytesRead;
    }
    return buffer;
  }

  /** Once and after the last call: the descriptor's number is the next file's as soon as it is closed. */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#pending).then(() => this.#disk.close(this.#file));
    return this.#closed;
  }

  async #use<Answer>(call: (file: number) => Promise<Answer>): Promise<Answer> {
    if (this.#closed) throw unreadable(this.#key, new Error('It was closed.'));
    const answer = call(this.#file);
    this.#pending.add(answer);
    try {
      return await answer;
    } catch (error) {
      throw unreadable(this.#key, error);
    } finally {
      this.#pending.delete(answer);
    }
  }
}

/**
 * Follows links, and makes sure that they end at a directory: below anything else every name would seem absent.
 * @throws {SyncError} `DIRECTORY_MISSING`
 */
async function realDirectory(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await lstat(real)).isDirectory()) return real;
  } catch (cause) {
    throw missing(path, cause);
  }
  throw missing(path);
}

/**
 * The names of one folder that can matter to the filter, in the order of the keys they stand for.
 * They are read bit by bit: a million entries with all that Node tells of them need ten times the room of their names.
 */
async function readNames(
  folder: string,
  path: string,
  filter: KeyFilter,
  onTemporary: (path: string) => void,
): Promise<ListedName[]> {
  const names: ListedName[] = [];
  const take = (entry: Entry, name: string): void => {
    if (isTemporaryName(name)) {
      onTemporary(join(path, name));
      return;
    }
    const listed = listedName(folder, name, entry, filter);
    if (listed !== undefined) names.push(listed);
  };
  if (!(await readBitByBit(path, take))) {
    names.length = 0;
    for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
      const name = entry.name.toString('utf8');
      if (Buffer.compare(Buffer.from(name), entry.name) === 0) take(entry, name);
      else if (isWanted(folder, name, entry, filter)) names.push({ sortName: name, kind: 'undecodable' });
    }
  }
  await nextTurn();
  const isPlain = names.every((name) => typeof name === 'string' && !SURROGATE.test(name));
  return isPlain ? names.sort() : names.sort((one, other) => compareKeys(sortNameOf(one), sortNameOf(other)));
}

/**
 * @returns whether all was read: not where a name may be no valid Unicode, or where an entry could not be looked at.
 * @throws where the folder cannot be opened.
 */
async function readBitByBit(path: string, take: (entry: Entry, name: string) => void): Promise<boolean> {
  const opened = await opendir(path, { bufferSize: ENTRIES_AT_A_TIME });
  try {
    let seen = 0;
    for await (const entry of opened) {
      if (entry.name.includes(REPLACEMENT)) return false;
      take(entry, entry.name);
      seen += 1;
      // The folder may hold 100,000 files: other work gets its turn in between.
      if (seen % NAMES_A_TURN === 0) await nextTurn();
    }
    return true;
  } catch {
    // Reading it whole tells what is wrong, if it still is.
    return false;
  }
}

function listedName(folder: string, name: string, entry: Entry, filter: KeyFilter): ListedName | undefined {
  const key = folder === '' ? name : `${folder}/${name}`;
  const asFolder = `${name}/`;
  if (entry.isDirectory()) return filter.entersFolder(key) ? asFolder : undefined;
  if (!entry.isSymbolicLink()) return filter.matches(key) ? name : undefined;
  if (key === LINKABLE_FOLDER) return filter.entersFolder(key) ? asFolder : undefined;
  const matches = filter.matches(key);
  if (!filter.entersFolder(key)) return matches ? { sortName: name, kind: 'link-as-file' } : undefined;
  return matches ? { sortName: name, kind: 'link' } : { sortName: asFolder, kind: 'link-as-folder' };
}

function isWanted(folder: string, name: string, entry: Entry, filter: KeyFilter): boolean {
  const key = folder === '' ? name : `${folder}/${name}`;
  return entry.isDirectory() ? filter.entersFolder(key) : filter.matches(key);
}

function sortNameOf(name: ListedName): string {
  return typeof name === 'string' ? name : name.sortName;
}

function spellOut(folder: string, listed: ListedName | undefined): Name | undefined {
  if (listed === undefined) return undefined;
  const sortName = sortNameOf(listed);
  const isFolder = sortName.endsWith('/');
  const name = isFolder ? sortName.slice(0, -1) : sortName;
  const key = folder === '' ? name : `${folder}/${name}`;
  if (typeof listed !== 'string') return { key, kind: listed.kind };
  return { key, kind: isFolder ? 'folder' : 'file' };
}

function fingerprintOf(key: string, stats: BigIntStats): Fingerprint {
  if (stats.isSymbolicLink()) throw symlink(key);
  if (!stats.isFile()) {
    throw new SyncError('LOCAL_UNREADABLE', {
      message: `${key} is not a regular file.`,
      fix: 'Move it out of the synced directory, or exclude it.',
      key,
    });
  }
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs, inode: stats.ino };
}

function folderOf(key: string): string {
  return partsOf(key).folder;
}

/** A key's folder, `''` for the root, and its name in there. */
function partsOf(key: string): { folder: string; name: string } {
  const cut = key.lastIndexOf('/');
  return { folder: key.slice(0, Math.max(cut, 0)), name: key.slice(cut + 1) };
}

function namesOfFolder(folder: string): string[] {
  return folder === '' ? [] : folder.split('/');
}

function missing(path: string, cause?: unknown): SyncError {
  return new SyncError('DIRECTORY_MISSING', {
    message: `The directory ${path} cannot be opened.`,
    fix: 'Check that it exists, is mounted, and can be read by the server.',
    cause,
  });
}

function unknown(key: string, scope: LocalUnknown['scope'], failure: SyncError): LocalUnknown {
  return { kind: 'unknown', key, scope, failure };
}

function unsafe(key: string, reason: string): SyncError {
  return new SyncError('UNSAFE_KEY', {
    message: `${key} cannot be synced: ${reason}.`,
    fix: 'Rename the file, or exclude it.',
    key,
  });
}

function symlink(key: string): SyncError {
  return new SyncError('SYMLINK', {
    message: `${key} is a symbolic link, or lies behind one. Links are not followed.`,
    fix: 'Put the files themselves in the directory, or exclude the link. Only "uploads" itself may be a link.',
    key,
  });
}

function unreadable(key: string, cause: unknown): SyncError {
  const code = errorCode(cause);
  return new SyncError('LOCAL_UNREADABLE', {
    message: `${key === '' ? 'The directory' : key} cannot be read${code ? ` (${code})` : ''}.`,
    fix: 'Give the server permission to read it, and check the disk.',
    key,
    cause,
  });
}

function vanished(key: string): SyncError {
  return new SyncError('LOCAL_CHANGED', {
    message: `${key} changed or went away while it was read.`,
    fix: 'Nothing to do: the next run takes it as it is then.',
    key,
  });
}

function isGone(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';
}
