import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import type { Settings } from '../config/settingsSchema';
import { describeError } from '../services/describeError';
import type { Log } from '../services/log';
import { FILE_COLUMNS, FILE_UID, uploadNames } from '../services/uploadedFile';
import { afterCommit } from './afterCommit';

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

/** More files than this in one statement are left to a walk. */
const MAX_ROWS = 5_000;

const namesInState = z.array(z.string());

/**
 * Watches the Media Library's files. A replaced file may lose formats or change its extension, so the old names are
 * learnt before the update.
 *
 * @returns a function that ends the watch.
 */
export function watchMedia(strapi: Core.Strapi, { syncOn, changed, ignored, log }: MediaTriggerOptions): () => void {
  /** Notes in the event's state which files the rows name before they change. */
  async function learn(event: MediaEvent): Promise<void> {
    if (whyIgnored(syncOn()) !== undefined) return;
    try {
      const rows: unknown[] = await strapi.db
        .query(FILE_UID)
        .findMany({ where: event.params.where, select: FILE_COLUMNS, limit: MAX_ROWS + 1 });
      if (rows.length <= MAX_ROWS) event.state.uploads = allNames(rows);
    } catch (error) {
      log.warn(`The files of a media change are not known, so everything is looked at: ${describeError(error)}`);
    }
  }

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
      const now = allNames(rowsNow);
      const known = now !== undefined && (before.success || what === 'created');
      const uploads = known ? [...(before.data ?? []), ...now] : undefined;
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
    beforeUpdate: learn,
    afterUpdate: (event: MediaEvent) => tell(event, [event.result], 'updated'),
    beforeUpdateMany: learn,
    // The rows are others' metadata now, or the same: the files they named tell all there is to look at.
    afterUpdateMany: (event: MediaEvent) => tell(event, [], 'updated'),
    beforeDelete: learn,
    afterDelete: (event: MediaEvent) => tell(event, [], 'deleted'),
    beforeDeleteMany: learn,
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

/** `undefined` where one of the rows does not tell. */
function allNames(rows: readonly unknown[]): string[] | undefined {
  const names: string[] = [];
  for (const row of rows) {
    const found = uploadNames(row);
    if (found === undefined) return undefined;
    names.push(...found);
  }
  return names;
}
