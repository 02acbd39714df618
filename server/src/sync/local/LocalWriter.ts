import { createReadStream } from 'node:fs';
import { link, lstat, open, readdir, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chunksOf } from '../chunksOf';
import { errorCode } from '../errorCode';
import { hashWhileWritten, type FileDigest } from '../FileHash';
import type { Fingerprint } from '../Fingerprint';
import { SyncError } from '../SyncError';
import { Blocked } from './Blocked';
import { FolderSync } from './FolderSync';
import { isThere } from './isThere';
import type { LocalDirectory } from './LocalDirectory';
import { temporaryName } from './temporaryName';
import type { Trash, TrashItem, TrashReason } from './Trash';
import { writeChunks } from './writeChunks';

/** A downloaded file, complete and on the disk, beside the place it is meant for. */
export interface TemporaryFile extends FileDigest {
  path: string;
  /** What stays as it is when it gets its name. */
  file: Pick<Fingerprint, 'size' | 'mtimeNs' | 'inode'>;
}

/** What is to be known of a file beforehand. */
export interface WriteOptions {
  /** Time the file gets, milliseconds since the epoch. */
  mtimeMs: number;
  /** Bytes that are to come; 0 where nobody knows. */
  size: number;
  /** Whether the SHA-256 of the bytes is wanted, too. */
  withSha256?: boolean;
  /** Called with the file's absolute path before the first byte. */
  onOpen?: (path: string) => void;
  /** Told that so many more bytes are in the file. */
  onWritten?: (bytes: number) => void;
}

/**
 * Changes the local side. Nothing is overwritten or deleted without a copy in the trash, and nothing that is no longer
 * what the plan saw.
 */
export class LocalWriter {
  readonly #directory: LocalDirectory;
  readonly #trash: Trash;
  readonly #folders = new FolderSync();
  readonly #placed = new WeakSet<TemporaryFile>();

  constructor(directory: LocalDirectory, trash: Trash) {
    this.#directory = directory;
    this.#trash = trash;
  }

  /**
   * Makes sure that a file can be put in the key's place; empty folders that stand there go.
   * @returns that place, and the file that stands there.
   * @throws {Blocked} where something else is in the way.
   * @throws {SyncError} as `LocalDirectory.stat`.
   */
  async makeWay(key: string): Promise<{ path: string; file: Fingerprint | undefined }> {
    const { path, found } = await this.#directory.placeForWriting(key);
    if (found !== 'folder') return { path, file: found };
    await removeEmptyFolder(path);
    this.#directory.forgetFolders();
    const after = await this.#directory.placeForWriting(key);
    if (after.found === 'folder') throw new Blocked(key, key);
    return { path: after.path, file: after.found };
  }

  /**
   * Writes bytes to a temporary file beside the key's place, hashes them, and makes sure they are on the disk. Where that
   * place cannot be reached it is beside the trash.
   * @throws whatever the body throws; then no file is left.
   */
  async writeTemporary(
    key: string,
    body: AsyncIterable<Buffer> | Iterable<Buffer>,
    { mtimeMs, size: expected, withSha256 = false, onOpen, onWritten }: WriteOptions,
  ): Promise<TemporaryFile> {
    const folder = await this.#folderFor(key);
    const path = join(folder, temporaryName());
    const handle = await open(path, 'wx', 0o644).catch((error: unknown) => {
      // The folder was empty until now, and somebody took it away.
      throw errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' ? changed(key) : error;
    });
    const hash = hashWhileWritten(path, expected, withSha256);
    try {
      onOpen?.(path);
      const size = await writeChunks(handle, body, (chunk) => {
        hash.update(chunk);
        onWritten?.(chunk.length);
      });
      await handle.utimes(mtimeMs / 1000, mtimeMs / 1000);
      const { size: there, mtimeNs, ino } = await handle.stat({ bigint: true });
      if (Number(there) !== size) throw cutShort(key);
      const digest = await hash.digest();
      await handle.close();
      return { path, file: { size, mtimeNs, inode: ino }, ...digest };
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
      throw error;
    } finally {
      await hash.close();
    }
  }

  /** A version that is only to be kept in the trash needs no place of its own. */
  async #folderFor(key: string): Promise<string> {
    try {
      return dirname(await this.#directory.pathForWriting(key));
    } catch (error) {
      if (error instanceof Blocked) return this.#trash.folder();
      throw error;
    }
  }

  /** Removes a temporary file, unless it has found its place. */
  async discard(temporary: TemporaryFile): Promise<void> {
    if (!this.#placed.has(temporary)) await rm(temporary.path, { force: true });
  }

  /**
   * Puts a temporary file in the key's place.
   * @param expected what must stand there: the file that the plan saw, or nothing.
   * @throws {SyncError} `LOCAL_CHANGED` where something else stands there; then nothing was changed.
   */
  async place(
    key: string,
    temporary: TemporaryFile,
    expected: Fingerprint | undefined,
    why: TrashReason,
  ): Promise<Fingerprint> {
    const target = expected
      ? await this.#overwrite(key, temporary, expected, why)
      : await this.#putWhereNothingIs(key, temporary);
    this.#placed.add(temporary);
    await this.#folders.sync(dirname(target));
    // Where the directory was exchanged meanwhile, the file is in the old one.
    if (!(await this.#directory.isStillAt(target, key))) throw changed(key);
    const placed = await this.#directory.stat(key);
    // A file that an editor saved in its place since is not what was downloaded: it is looked at by itself.
    if (placed && !isSameFile(placed, temporary.file)) throw changed(key);
    // It was there, and somebody has deleted it since: fetched once more, it would come back.
    return placed ?? { ...temporary.file, ctimeNs: 0n };
  }

  async #overwrite(key: string, temporary: TemporaryFile, expected: Fingerprint, why: TrashReason): Promise<string> {
    const { path: target, file } = await this.makeWay(key);
    requireUnchanged(key, expected, file);
    const id = await this.#trash.keepLink(target, key, why);
    // A file that was written while it went to the trash is not to be overwritten.
    if (!sameContentTimes(expected, await lstat(target, { bigint: true }))) {
      await this.#trash.forget(id);
      throw changed(key);
    }
    await rename(temporary.path, target);
    return target;
  }

  async #putWhereNothingIs(key: string, temporary: TemporaryFile): Promise<string> {
    const target = await this.#directory.pathForWriting(key);
    if (await putNew(temporary.path, target)) return target;
    // An empty folder can go.
    const place = await this.makeWay(key);
    if (place.file || !(await putNew(temporary.path, place.path))) throw changed(key);
    return place.path;
  }

  /**
   * Moves a file to the trash, and takes emptied folders away.
   * @throws {SyncError} `LOCAL_CHANGED` where it is not the file that the plan saw.
   */
  async remove(key: string, expected: Fingerprint): Promise<void> {
    const { path: target, found } = await this.#directory.placeForWriting(key);
    requireUnchanged(key, expected, found === 'folder' ? undefined : found);
    const id = await this.#trash.rename(target, key, 'deleted');
    if (id === undefined) {
      await this.#removeByCopy(key, target, expected);
    } else if (!sameContentTimes(expected, await lstat(this.#trash.pathOf(id), { bigint: true }))) {
      await this.#putBack(id, target);
      throw changed(key);
    }
    await this.#removeEmptyFolders(key, target);
  }

  /** The trash is on another disk: the file goes only after its copy is complete and it is still the same. */
  async #removeByCopy(key: string, target: string, expected: Fingerprint): Promise<void> {
    const id = await this.#trash.keepLink(target, key, 'deleted');
    if (!sameContentTimes(expected, await lstat(target, { bigint: true }))) {
      await this.#trash.forget(id);
      throw changed(key);
    }
    await unlink(target);
  }

  /**
   * Puts an item of the trash back in its place; what stands there goes to the trash itself.
   *
   * The file gets the time of now: who restores it wants it to win over what others may have changed meanwhile.
   *
   * @param beforePlace called with the MD5 of the bytes right before the file is put in its place.
   * @throws {SyncError} `LOCAL_CHANGED` where the file in its place goes on changing, `INTEGRITY` where the item is not
   *   whole any more; then nothing was changed.
   */
  async restore({ id, key, size }: TrashItem, beforePlace: (md5: string) => Promise<void>): Promise<void> {
    const bytes = createReadStream(this.#trash.pathOf(id));
    // The copy stays in the trash until the file is in its place: a kill at any point costs nothing.
    const temporary = await this.writeTemporary(key, chunksOf(bytes), { mtimeMs: Date.now(), size });
    try {
      // It may be longer: a program that had the file open may have gone on writing.
      if (temporary.file.size < size) throw damagedItem(key);
      await beforePlace(temporary.md5);
      await this.place(key, temporary, await this.#directory.stat(key), 'overwritten');
    } finally {
      await this.discard(temporary);
    }
    await this.#trash.forget(id);
  }

  /** Keeps the bytes of a version that is to go from the bucket in the trash. */
  async discardToTrash(key: string, temporary: TemporaryFile, why: TrashReason): Promise<void> {
    try {
      await this.#trash.take(temporary.path, key, why);
    } finally {
      await this.discard(temporary);
    }
  }

  /** A file that was written between the last look and the move goes back, unless another one is there already. */
  async #putBack(id: string, target: string): Promise<void> {
    if (await putNew(this.#trash.pathOf(id), target)) await this.#trash.forget(id);
  }

  async #removeEmptyFolders(key: string, target: string): Promise<void> {
    let folder = dirname(target);
    // The first folder of a key (uploads) stays, whatever it holds.
    for (let depth = key.split('/').length - 1; depth > 1; depth--) {
      const removed = await rmdir(folder).then(
        () => true,
        () => false,
      );
      if (!removed) return;
      this.#directory.forgetFolders();
      folder = dirname(folder);
    }
  }
}

/** What `link` says on file systems that have no hard links: FAT, some network and shared folders. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a file a name that nobody has yet. A link fails where something stands already; a rename would overwrite it, and
 * is only used, after one more look, where there are no links.
 *
 * @returns whether it was done: not where something stands there.
 */
async function putNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return false;
    if (code === undefined || !NO_LINKS.has(code)) throw error;
    if (await isThere(to)) return false;
    await rename(from, to);
    return true;
  }
  await unlink(from);
  return true;
}

function requireUnchanged(key: string, expected: Fingerprint | undefined, now: Fingerprint | undefined): void {
  const unchanged = expected === undefined || now === undefined ? expected === now : isSameFile(expected, now);
  if (!unchanged) throw changed(key);
}

function sameContentTimes(expected: Fingerprint, now: { size: bigint; mtimeNs: bigint; ino: bigint }): boolean {
  return isSameFile(expected, { size: Number(now.size), mtimeNs: now.mtimeNs, inode: now.ino });
}

/** A move or a new name changes ctime, so size, time and inode have to do. */
function isSameFile(one: TemporaryFile['file'], other: TemporaryFile['file']): boolean {
  return one.size === other.size && one.mtimeNs === other.mtimeNs && one.inode === other.inode;
}

function damagedItem(key: string): SyncError {
  return new SyncError('INTEGRITY', {
    message: `The copy of ${key} in the trash is not whole any more. It was not restored.`,
    fix: 'Take the file from the bucket, from another server or from a backup.',
    key,
  });
}

function cutShort(key: string): SyncError {
  return new SyncError('LOCAL_UNREADABLE', {
    message: `${key} could not be written whole. What was there was left as it is.`,
    fix: 'Check the free space and the quota of the disk.',
    key,
  });
}

function changed(key: string): SyncError {
  return new SyncError('LOCAL_CHANGED', {
    message: `${key} was changed here at the same time.`,
    fix: 'Nothing to do: it is looked at again.',
    key,
  });
}

/** Takes a folder away that holds nothing but empty folders; one that holds anything else stays as far as it does. */
async function removeEmptyFolder(path: string): Promise<void> {
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (!entry.isDirectory()) return;
      await removeEmptyFolder(join(path, entry.name));
    }
    await rmdir(path);
  } catch (error) {
    // Somebody put a file there meanwhile, or took the folder away: whoever asked looks again.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) throw error;
  }
}
