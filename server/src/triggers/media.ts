import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import type { Settings } from '../config/settingsSchema';
import { describeError } from '../services/describeError';
import type { Log } from '../services/log';
import { FILE_COLUMNS, FILE_UID } from '../services/uploadedFile';
import { afterCommit } from './afterCommit';
import { MAX_DELETED, MAX_NAMES } from './Gathered';
import { learnNames, namesOf, PAGE } from './learnNames';

/** What the media trigger needs to know. */
export interface MediaTriggerOptions {
  /** The settings as last read: nothing is asked of the database while an editor waits. `undefined`: not watched yet. */
  syncOn: () => Settings['syncOn'] | undefined;
  /**
   * Files of the Media Library were written or removed, and this is committed. Must not throw.
   *
   * @param uploads their names in `uploads/`; `undefined` where they are not known.
   * @param isDeleted their entries were deleted.
   */
  changed: (uploads: readonly string[] | undefined, isDeleted: boolean) => void;
  /** The same, but the settings leave it out. Must not throw. */
  ignored: (reason: 'off' | 'excluded') => void;
  log: Log;
}

/** What Strapi's lifecycle events hold, as far as it is used here. */
interface MediaEvent {
  params: { where?: unknown; data?: unknown };
  state: Record<string, unknown>;
  result?: unknown;
}

const namesInState = z.array(z.string());

/**
 * Watches the Media Library's files. A replaced file may lose formats or change its extension, so the old names are
 * learnt before the update.
 *
 * @returns a function that ends the watch.
 */
export function watchMedia(strapi: Core.Strapi, { syncOn, changed, ignored, log }: MediaTriggerOptions): () => void {
  /** Notes in the event's state which files the rows name before they change; of too many none, they are left to a walk. */
  async function learn(event: MediaEvent, most: number): Promise<void> {
    if (whyIgnored(syncOn()) !== undefined) return;
    const readPage = (afterId: number): Promise<unknown[]> =>
      strapi.db.query(FILE_UID).findMany({
        where: { $and: [event.params.where ?? {}, { id: { $gt: afterId } }] },
        select: FILE_COLUMNS,
        orderBy: { id: 'asc' },
        limit: PAGE,
      });
    try {
      event.state.uploads = await learnNames(readPage, most);
    } catch (error) {
      log.warn(`The files of a media change are not known, so everything is looked at: ${describeError(error)}`);
    }
  }

  const learnOfUpdate = (event: MediaEvent): Promise<void> => learn(event, MAX_NAMES);
  const learnOfDelete = (event: MediaEvent): Promise<void> => learn(event, MAX_DELETED);

  /** Tells of the files the rows named before and of those they name now. */
  async function tell(event: MediaEvent, rowsNow: readonly unknown[], what: 'created' | 'updated' | 'deleted') {
    const setting = syncOn();
    if (setting === undefined) return;
    try {
      const reason = whyIgnored(setting);
      if (reason !== undefined) {
        await afterCommit(strapi, () => {
          ignored(reason);
        });
        return;
      }
      const before = namesInState.safeParse(event.state.uploads);
      const now = namesOf(rowsNow);
      const known = now !== undefined && (before.success || what === 'created');
      const uploads = known ? (before.data ?? []).concat(now) : undefined;
      if (uploads?.length === 0) return;
      await afterCommit(strapi, () => {
        changed(uploads, what === 'deleted');
      });
    } catch (error) {
      // The editor's save goes on, whatever is wrong here.
      log.error(`A media change could not be noted: ${describeError(error)}`);
    }
  }

  const unsubscribe = strapi.db.lifecycles.subscribe({
    models: [FILE_UID],
    afterCreate: (event: MediaEvent) => tell(event, [event.result], 'created'),
    afterCreateMany: (event: MediaEvent) => tell(event, rowsOf(event.params.data), 'created'),
    beforeUpdate: learnOfUpdate,
    afterUpdate: (event: MediaEvent) => tell(event, [event.result], 'updated'),
    beforeUpdateMany: learnOfUpdate,
    // The rows are others' metadata now, or the same: the files they named tell all there is to look at.
    afterUpdateMany: (event: MediaEvent) => tell(event, [], 'updated'),
    beforeDelete: learnOfDelete,
    afterDelete: (event: MediaEvent) => tell(event, [], 'deleted'),
    beforeDeleteMany: learnOfDelete,
    afterDeleteMany: (event: MediaEvent) => tell(event, [], 'deleted'),
  });
  return () => {
    unsubscribe();
  };
}

/** A save can leave out the Media Library like any content type. */
function whyIgnored(setting: Settings['syncOn'] | undefined): 'off' | 'excluded' | undefined {
  if (setting?.enabled !== true) return 'off';
  return setting.excludedContentTypes.includes(FILE_UID) ? 'excluded' : undefined;
}

function rowsOf(data: unknown): unknown[] {
  return Array.isArray(data) ? data.map((row: unknown) => row) : [data];
}
