import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../errorCode';
import { SyncError } from '../SyncError';
import { isThere } from './isThere';
import { Leftovers } from './Leftovers';
import { syncPath } from './syncPath';
import { isTemporaryName } from './temporaryName';

const OWNER_ONLY = 0o700;
const READ_AT_A_TIME = 64;

/** Share of the disk, in percent, that the trash leaves free. */
const FREE_PERCENT = 5n;

/** An item's file or record. */
const ITEM_NAME = /^\d{15}-[0-9a-f]{12}(\.json)?$/;

const recordSchema = z.object({
  key: z.string(),
  at: z.number(),
  size: z.number(),
  why: z.enum(['deleted', 'overwritten', 'lost-conflict']),
});

/** Why a file went to the trash. */
export type TrashReason = z.infer<typeof recordSchema>['why'];

/** One file in the trash. */
export interface TrashItem {
  /** Names the item; newer ids sort after older ones. */
  id: string;
  /** Where the file was. */
  key: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Bytes. */
  size: number;
  why: TrashReason;
}

/**
 * Keeps what is overwritten or deleted locally: nothing that the plugin takes away is gone at once.
 * Each item is a record (`<id>.json`) and the file itself (`<id>`); the record is written first, so that a file is
 * never there without the name it had.
 */
export class Trash {
  readonly #folder: string;

  /** @param stateDirectory absolute path; the trash lives below it, on the disk of the files themselves. */
  constructor(stateDirectory: string) {
    this.#folder = join(stateDirectory, 'trash');
  }

  /**
   * Moves a file into the trash.
   * @returns the id of the item.
   * @throws {SyncError} `WITHHELD` where the disk has no room; what the file system throws where the file is gone.
   */
  async take(path: string, key: string, why: TrashReason): Promise<string> {
    return this.#keep(path, key, why, moveFile);
  }

  /**
   * Moves a file into the trash by a rename alone.
   * @returns the id of the item, or `undefined` where the trash is on another disk; then nothing was done.
   */
  async rename(path: string, key: string, why: TrashReason): Promise<string | undefined> {
    try {
      return await this.#keep(path, key, why, rename);
    } catch (error) {
      if (errorCode(error) === 'EXDEV') return undefined;
      throw error;
    }
  }

  /**
   * Puts a second name of the file into the trash, so that the first one can be overwritten at once.
   * Where the file system has no hard links, the file is copied.
   */
  async keepLink(path: string, key: string, why: TrashReason): Promise<string> {
    return this.#keep(path, key, why, linkFile);
  }

  /** @returns the absolute path of the folder, which is made where it is missing. */
  async folder(): Promise<string> {
    await mkdir(this.#folder, { mode: OWNER_ONLY }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    return this.#folder;
  }

  /** The path of an item's file. */
  pathOf(id: string): string {
    return join(this.#folder, id);
  }

  /** Ids of all items, newest first. Records whose file is not there (a move that was cut off) are left out. */
  async ids(): Promise<string[]> {
    const names = await this.#names();
    const present = new Set(names);
    return names
      .filter((name) => name.endsWith('.json') && present.has(name.slice(0, -5)))
      .map((name) => name.slice(0, -5))
      .sort()
      .reverse();
  }

  /** All items, newest first. */
  async list(): Promise<TrashItem[]> {
    const ids = await this.ids();
    const items: TrashItem[] = [];
    for (let at = 0; at < ids.length; at += READ_AT_A_TIME) {
      const some = ids.slice(at, at + READ_AT_A_TIME);
      const records = await Promise.all(some.map((id) => this.#read(`${id}.json`)));
      for (const [index, id] of some.entries()) {
        const record = records[index];
        if (record) items.push({ id, ...record });
      }
    }
    return items;
  }

  /**
   * @returns the item, or `undefined` where there is none with this id.
   */
  async find(id: string): Promise<TrashItem | undefined> {
    if (!ITEM_NAME.test(id) || id.endsWith('.json')) return undefined;
    if (!(await isThere(this.pathOf(id))) || !(await isThere(`${this.pathOf(id)}.json`))) return undefined;
    const record = await this.#read(`${id}.json`);
    return record && { id, ...record };
  }

  /** Forgets an item whose file was moved elsewhere. */
  async forget(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
    await rm(`${this.pathOf(id)}.json`, { force: true });
  }

  /**
   * Deletes what is older.
   * @param days age from which on items go.
   */
  async purge(days: number): Promise<void> {
    const oldest = idPrefix(Date.now() - days * 24 * 60 * 60 * 1000);
    // The ids tell the time: a full trash is not read through in every run.
    const names = await this.#names();
    const old = names.filter((name) => ITEM_NAME.test(name) && name < oldest);
    for (const id of new Set(old.map((name) => name.replace(/\.json$/, '')))) await this.forget(id);
    const leftovers = new Leftovers();
    for (const name of names) if (isTemporaryName(name)) leftovers.note(this.pathOf(name));
    await leftovers.remove();
  }

  async #keep(
    path: string,
    key: string,
    why: TrashReason,
    put: (from: string, to: string) => Promise<void>,
  ): Promise<string> {
    await this.folder();
    await this.#requireRoom(key);
    const { size } = await stat(path);
    const at = Date.now();
    const id = `${idPrefix(at)}-${randomBytes(6).toString('hex')}`;
    await writeDurably(`${this.pathOf(id)}.json`, JSON.stringify({ key, at, size, why }));
    try {
      await put(path, this.pathOf(id));
    } catch (error) {
      await rm(`${this.pathOf(id)}.json`, { force: true });
      throw error;
    }
    return id;
  }

  async #requireRoom(key: string): Promise<void> {
    const { bavail, blocks } = await statfs(this.#folder, { bigint: true });
    if (bavail * 100n >= blocks * FREE_PERCENT) return;
    throw new SyncError('WITHHELD', {
      message: `The disk is nearly full, so ${key} cannot be kept in the trash. It was left as it is.`,
      fix: 'Free some space on the disk.',
      key,
    });
  }

  async #names(): Promise<string[]> {
    return readdir(this.#folder).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    });
  }

  async #read(name: string): Promise<z.infer<typeof recordSchema> | undefined> {
    const text = await readFile(join(this.#folder, name), 'utf8');
    try {
      return recordSchema.parse(JSON.parse(text));
    } catch {
      // A record cut off by a full disk names nothing; its file, if there is one, stays until someone looks.
      return undefined;
    }
  }
}

function idPrefix(atMs: number): string {
  return atMs.toString().padStart(15, '0');
}

async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await syncPath(to);
    await unlink(from);
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    await syncPath(to);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncPath(dirname(path));
}
