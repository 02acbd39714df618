import { hostname } from 'node:os';
import type { TrashAnswer } from '../routes/contract';
import { LocalDirectory } from '../sync/local/LocalDirectory';
import { LocalWriter } from '../sync/local/LocalWriter';
import { Trash, type TrashItem } from '../sync/local/Trash';
import { openStateDirectory } from '../sync/base/StateDirectory';
import { SyncError } from '../sync/SyncError';
import type { FeedService } from './feed';
import type { SettingsService } from './settings';
import type { WishesService } from './wishes';

/**
 * What syncs overwrote or deleted in this server's directory, kept for `trashDays` days. Each server has a trash of its
 * own: `strapi.plugin('s3-sync').service('trash')`.
 */
export interface TrashService {
  /** All items, newest first. */
  list(): Promise<TrashItem[]>;
  /**
   * The same, in pages that count from 1.
   * @param search only keys that hold this text, in capitals or not.
   */
  page(page: number, pageSize: number, search?: string): Promise<TrashAnswer>;
  /**
   * Puts a file back where it was, and asks for a sync of it. What stands there goes to the trash. In MULTI mode the
   * others are told that it lives, whatever was deleted before.
   *
   * @param id of an item that `list` gave.
   * @returns the item, or `undefined` where there is none with this id.
   * @throws {SyncError} `LOCAL_CHANGED` where the file in its place is being written; then nothing was changed.
   */
  restore(id: string): Promise<TrashItem | undefined>;
  /** Deletes what is older than `trashDays`. */
  purge(): Promise<void>;
}

/** Times that a file which is being written is looked at again. */
const ATTEMPTS = 5;

/** Works on the directory that the settings name. */
export function createTrash(settings: SettingsService, feed: FeedService, wishes: WishesService): TrashService {
  async function open(): Promise<Trash> {
    const { places } = await settings.read();
    return new Trash(places.stateDirectory);
  }

  async function list(): Promise<TrashItem[]> {
    return (await open()).list();
  }

  async function restoreOnce(item: TrashItem): Promise<void> {
    const { places, settings: values } = await settings.read();
    const { path, directoryId } = await openStateDirectory(places.stateDirectory);
    const writer = new LocalWriter(new LocalDirectory(places.directory), new Trash(path));
    await writer.restore(item, async (md5) => {
      if (values.mode !== 'MULTI') return;
      // Before the file is there: a sync that finds it without this row would take it for a stale one.
      await feed.append([{ key: item.key, action: 'put', md5, byName: true }], directoryId);
    });
  }

  return {
    list,

    async page(page, pageSize, search) {
      const trash = await open();
      const { trashDays } = (await settings.read()).settings;
      const from = (page - 1) * pageSize;
      const { items, total } = await (search === undefined || search === ''
        ? pageOf(trash, from, pageSize)
        : findPage(trash, from, pageSize, search));
      return { results: items, host: hostname(), keptDays: trashDays, pagination: { page, pageSize, total } };
    },

    async restore(id) {
      const item = await (await open()).find(id);
      if (item === undefined) return undefined;
      for (let attempt = 1; ; attempt += 1) {
        try {
          await restoreOnce(item);
          break;
        } catch (error) {
          const changed = error instanceof SyncError && error.code === 'LOCAL_CHANGED';
          if (!changed || attempt === ATTEMPTS) throw error;
        }
      }
      wishes.add({ trigger: 'trash', keys: [item.key] });
      return item;
    },

    async purge() {
      const { trashDays } = (await settings.read()).settings;
      await (await open()).purge(trashDays);
    },
  };
}

/** Reads no more records than the page shows. */
async function pageOf(trash: Trash, from: number, count: number): Promise<{ items: TrashItem[]; total: number }> {
  const ids = await trash.ids();
  const items = await Promise.all(ids.slice(from, from + count).map((id) => trash.find(id)));
  return { items: items.filter((item) => item !== undefined), total: ids.length };
}

async function findPage(
  trash: Trash,
  from: number,
  count: number,
  search: string,
): Promise<{ items: TrashItem[]; total: number }> {
  const wanted = search.toLowerCase();
  const found = (await trash.list()).filter(({ key }) => key.toLowerCase().includes(wanted));
  return { items: found.slice(from, from + count), total: found.length };
}
