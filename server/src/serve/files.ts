import { copyFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import type { ActivityService } from '../services/activity';
import type { SettingsService } from '../services/settings';
import type { Bucket, RemoteObject } from '../sync/bucket/Bucket';
import { openBucket } from '../sync/bucket/S3Bucket';
import { openStateDirectory } from '../sync/base/StateDirectory';
import { compareKeys } from '../sync/compareKeys';
import { checkKey } from '../sync/checkKey';
import { Cursor } from '../sync/Cursor';
import { errorCode } from '../sync/errorCode';
import { fetchObject } from '../sync/fetchObject';
import type { Fingerprint } from '../sync/Fingerprint';
import { createKeyFilter, type KeyFilter } from '../sync/KeyFilter';
import type { LocalEntry } from '../sync/local/Local';
import { LocalDirectory } from '../sync/local/LocalDirectory';
import { LocalWriter } from '../sync/local/LocalWriter';
import { Trash } from '../sync/local/Trash';
import { isLostRace } from '../sync/lostRace';
import { modificationTimeMs } from '../sync/modificationTime';
import { SyncError } from '../sync/SyncError';
import { makeCopyFolder } from './copyFolder';
import type { NamedKeys } from './NamedKeys';
import type { Serving, ServingSettings } from './Serving';

/** A synced file, wherever its bytes are. */
export interface StoredFile {
  /** Its path below the synced directory, such as `uploads/x.jpg`; the same as in the bucket below the prefix. */
  key: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
  /** `bucket`: the bytes are only there. */
  place: 'local' | 'bucket';
}

/** A part of a file, both ends included, as in `fs.createReadStream`. */
export interface ReadRange {
  start?: number;
  end?: number;
}

/**
 * The site's files for other plugins, whether their bytes are here or only in the bucket:
 * `strapi.plugin('s3-sync').service('files')`. Writing is plain `fs`: the next walk finds what was written.
 *
 * Keys that are not synced are files that do not exist. Every method throws `SyncError`: `UNSAFE_KEY` for a key that
 * cannot be a file, and what the store says where it has to be asked.
 */
export interface FilesService {
  /** Whether there is such a file. */
  exists(key: string): Promise<boolean>;
  /** What is known of a file; `undefined` where there is none. */
  stat(key: string): Promise<StoredFile | undefined>;
  /** All files whose keys begin so, in the order of their keys' UTF-8 bytes. Memory does not grow with their number. */
  list(prefix?: string): AsyncIterable<StoredFile>;
  /**
   * The bytes of a file, or a part of them. What is only in the bucket is read from there and not stored here: of a part,
   * no more than the part. The stream ends with an error where the store breaks off; it must be read or destroyed.
   * @throws {SyncError} `OBJECT_NOT_FOUND` where there is no such file.
   */
  createReadStream(key: string, range?: ReadRange): Promise<Readable>;
  /**
   * Hands out a path under which the bytes can be read until the work is done: the file itself, which is not to be
   * changed, or a copy of what is only in the bucket, which is removed afterwards. Its name ends like the key.
   * @returns what the work returns.
   * @throws {SyncError} as `createReadStream`.
   */
  withLocalFile<Result>(key: string, work: (path: string) => Promise<Result>): Promise<Result>;
}

/** The service, and what only the plugin itself does with it. */
export interface OwnedFilesService extends FilesService {
  /** Closes its connections. */
  stop(): void;
}

/** Keys of the bucket alone that are looked up together. */
const BATCH = 250;

interface Opened {
  local: LocalDirectory;
  filter: KeyFilter;
  directory: string;
  /** Absent where nothing is synced: then only what is here counts. */
  remote: { serving: Serving; bucket: Bucket; close: () => void } | undefined;
}

/** Makes the service of one Strapi. */
export function createFiles(
  settings: Pick<SettingsService, 'read'>,
  servingSettings: Pick<ServingSettings, 'current'>,
  named: Pick<NamedKeys, 'stillToCome'>,
  activity: Pick<ActivityService, 'follow'>,
): OwnedFilesService {
  let opened: Opened['remote'];

  function remoteOf(serving: Serving | undefined): Opened['remote'] {
    if (serving === undefined || opened?.serving === serving) return serving && opened;
    opened?.close();
    const bucket = openBucket(serving.bucket);
    const endCount = activity.follow(bucket);
    const close = (): void => {
      bucket.close();
      endCount();
    };
    opened = { serving, bucket, close };
    return opened;
  }

  async function open(): Promise<Opened> {
    const { places, settings: values } = await settings.read();
    const { include, exclude } = values;
    const { directory } = places;
    const remote = remoteOf(await servingSettings.current());
    const filter = remote?.serving.filter ?? createKeyFilter({ include, exclude });
    return { local: new LocalDirectory(directory), filter, directory, remote };
  }

  async function isStillToCome({ remote }: Opened, key: string): Promise<boolean> {
    return remote !== undefined && (await named.stillToCome(remote.serving, [key])).has(key);
  }

  async function find(site: Opened, key: string): Promise<StoredFile | undefined> {
    requireSafe(key);
    if (!site.filter.matches(key)) return undefined;
    const here = await site.local.stat(key);
    if (here !== undefined) return ofLocal(key, here);
    if (site.remote === undefined || !(await isStillToCome(site, key))) return undefined;
    const head = await site.remote.bucket.head(key);
    if (head === undefined) return undefined;
    return { key, size: head.size, modifiedAt: new Date(modificationTimeMs(head)), place: 'bucket' };
  }

  /** Bucket-only keys are looked up a few at a time, and come at their places among the local ones. */
  async function* list(prefix: string): AsyncIterable<StoredFile> {
    const site = await open();
    const filter = below(site.filter, prefix);
    const local = new Cursor<LocalEntry>(site.local.walk(filter));
    const remote = new Cursor<RemoteObject>(site.remote?.bucket.list(filter.prefixes) ?? nothing());
    try {
      await Promise.all([local.advance(), remote.advance()]);
      let waiting: StoredFile[] = [];
      for (;;) {
        const here = local.current;
        const there = remote.current;
        const order = orderOf(here?.key, there?.key);
        if (order === undefined) break;
        if (here?.kind === 'file' && order <= 0) waiting.push(ofLocal(here.key, here.fingerprint));
        // What cannot be looked at here is not only in the bucket; the next run tells of it.
        else if (there && order > 0 && filter.matches(there.key) && checkKey(there.key) === undefined) {
          waiting.push(ofRemote(there));
        }
        if (order <= 0) await local.advance();
        if (order >= 0) await remote.advance();
        if (waiting.length >= BATCH) {
          yield* await existing(site, waiting);
          waiting = [];
        }
      }
      yield* await existing(site, waiting);
    } finally {
      await Promise.all([local.close(), remote.close()]);
    }
  }

  /** Without those that are only left in the bucket because their deletion has not come there yet. */
  async function existing({ remote }: Opened, files: readonly StoredFile[]): Promise<StoredFile[]> {
    const away = files.filter(({ place }) => place === 'bucket').map(({ key }) => key);
    if (remote === undefined || away.length === 0) return [...files];
    const coming = await named.stillToCome(remote.serving, away);
    return files.filter(({ key, place }) => place === 'local' || coming.has(key));
  }

  return {
    async exists(key) {
      return (await find(await open(), key)) !== undefined;
    },

    async stat(key) {
      return find(await open(), key);
    },

    list: (prefix = '') => list(prefix),

    async createReadStream(key, range = {}) {
      const site = await open();
      for (let attempt = 1; ; attempt += 1) {
        const file = await find(site, key);
        if (file === undefined) throw notFound(key);
        try {
          if (file.place === 'local' || site.remote === undefined) return await readLocal(site.local, key, range);
          return await readRemote(site.remote.bucket, file, range);
        } catch (error) {
          // The file was replaced since it was looked at.
          if (!isLostRace(error) || attempt === ATTEMPTS) throw error;
        }
      }
    },

    async withLocalFile(key, work) {
      const site = await open();
      const file = await find(site, key);
      if (file === undefined) throw notFound(key);
      if (file.place === 'local' || site.remote === undefined) return work(join(site.directory, key));
      return withCopy(site.local, site.remote, key, work);
    },

    stop() {
      opened?.close();
      opened = undefined;
    },
  };
}

/** Brings a verified copy to a folder of its own, under the name of the file. */
async function withCopy<Result>(
  local: LocalDirectory,
  { serving, bucket }: NonNullable<Opened['remote']>,
  key: string,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const state = await openStateDirectory(serving.stateDirectory);
  const writer = new LocalWriter(local, new Trash(state.path));
  const { temporary } = await fetchObject({ bucket, writer, onBytes: () => undefined }, key, undefined);
  let folder: string | undefined;
  try {
    folder = await makeCopyFolder(state.path);
    const path = join(folder, basename(key));
    await rename(temporary.path, path).catch(async (error: unknown) => {
      if (errorCode(error) !== 'EXDEV') throw error;
      await copyFile(temporary.path, path);
    });
    return await work(path);
  } finally {
    await writer.discard(temporary);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** Times that a file which is replaced meanwhile is looked at again. */
const ATTEMPTS = 3;

/** Bytes read at a time. */
const CHUNK = 64 * 1024;

/** The file is opened before anything is answered: one that is replaced meanwhile is read to its end as it was. */
async function readLocal(local: LocalDirectory, key: string, { start = 0, end }: ReadRange): Promise<Readable> {
  const file = await local.open(key);
  const { size } = await file.fingerprint().catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  const last = Math.min(end ?? size - 1, size - 1);
  const read = async function* (): AsyncGenerator<Buffer> {
    try {
      for (let offset = start; offset <= last; offset += CHUNK) {
        yield await file.read(offset, Math.min(CHUNK, last + 1 - offset));
      }
    } finally {
      await file.close();
    }
  };
  const stream = Readable.from(read(), { objectMode: false });
  // A stream that is destroyed before it was read never enters the generator.
  return stream.once('close', () => void file.close().catch(() => undefined));
}

/** Only the part is asked for: a few bytes of a video must not cost all of it. */
async function readRemote(bucket: Bucket, { key, size }: StoredFile, { start = 0, end }: ReadRange): Promise<Readable> {
  const last = Math.min(end ?? size - 1, size - 1);
  if (start === 0 && last === size - 1) return (await bucket.get(key)).body;
  return start > last ? Readable.from([]) : bucket.getRange(key, { first: start, last, size });
}

function requireSafe(key: string): void {
  const reason = checkKey(key);
  if (reason === undefined) return;
  throw new SyncError('UNSAFE_KEY', {
    message: `${JSON.stringify(key)} cannot be a file: ${reason}.`,
    fix: 'A key is a path below the synced directory, such as uploads/x.jpg.',
    key,
  });
}

function notFound(key: string): SyncError {
  return new SyncError('OBJECT_NOT_FOUND', {
    message: `There is no file ${key}, neither here nor in the bucket.`,
    fix: 'Check the key: a path below the synced directory, such as uploads/x.jpg.',
    key,
  });
}

function ofLocal(key: string, { size, mtimeNs }: Fingerprint): StoredFile {
  return { key, size, modifiedAt: new Date(Number(mtimeNs / 1_000_000n)), place: 'local' };
}

function ofRemote({ key, size, lastModifiedMs }: RemoteObject): StoredFile {
  return { key, size, modifiedAt: new Date(lastModifiedMs), place: 'bucket' };
}

/** Keeps a walk and a listing to what lies below a prefix. */
function below(filter: KeyFilter, prefix: string): KeyFilter {
  const prefixes = filter.prefixes.some((one) => prefix.startsWith(one))
    ? [prefix]
    : filter.prefixes.filter((one) => one.startsWith(prefix));
  return {
    options: filter.options,
    prefixes,
    matches: (key) => key.startsWith(prefix) && filter.matches(key),
    entersFolder: (folder) =>
      filter.entersFolder(folder) && (prefix.startsWith(`${folder}/`) || `${folder}/`.startsWith(prefix)),
  };
}

async function* nothing(): AsyncIterable<RemoteObject[]> {
  // There is no bucket.
}

/** Less than 0: the local one is next; 0: both are the same; `undefined`: there is none any more. */
function orderOf(here: string | undefined, there: string | undefined): number | undefined {
  if (here === undefined) return there === undefined ? undefined : 1;
  return there === undefined ? -1 : compareKeys(here, there);
}
