import type { Core } from '@strapi/strapi';
import type { Settings } from '../config/settingsSchema';
import { describeError } from '../services/describeError';
import type { Log } from '../services/log';
import { FILE_UID } from '../services/uploadedFile';
import { afterCommit } from './afterCommit';

/** What the content trigger needs to know. */
export interface ContentTriggerOptions {
  /** The settings as last read: nothing is asked of the database while an editor waits. `undefined`: not watched yet. */
  syncOn: () => Settings['syncOn'] | undefined;
  /** Content was changed and committed. Must not throw. */
  changed: () => void;
  /** The same, but the settings leave it out. Must not throw. */
  ignored: (reason: 'off' | 'excluded') => void;
  log: Log;
}

const ACTIONS = [
  'afterCreate',
  'afterCreateMany',
  'afterUpdate',
  'afterUpdateMany',
  'afterDelete',
  'afterDeleteMany',
] as const;

/**
 * Watches every content type by one subscriber: it also sees what passes by the Document Service.
 *
 * @returns a function that ends the watch.
 */
export function watchContent(
  strapi: Core.Strapi,
  { syncOn, changed, ignored, log }: ContentTriggerOptions,
): () => void {
  async function handle(uid: string): Promise<void> {
    try {
      const setting = syncOn();
      if (setting === undefined || !isContent(uid)) return;
      await afterCommit(strapi, () => {
        if (!setting.enabled) ignored('off');
        else if (setting.excludedContentTypes.includes(uid)) ignored('excluded');
        else changed();
      });
    } catch (error) {
      // The editor's save goes on, whatever is wrong here.
      log.error(`A change of ${uid} could not be noted: ${describeError(error)}`);
    }
  }

  const hooks = ACTIONS.map(
    (action) => [action, ({ model }: { model: { uid: string } }) => handle(model.uid)] as const,
  );
  return toVoid(strapi.db.lifecycles.subscribe(Object.fromEntries(hooks)));
}

/**
 * Whether a model holds content. Settings, sessions and permissions of Strapi do not, nor do the plugin's own tables.
 * Components have no `::` in their name and never change without their entry. Media are watched by file.
 */
export function isContent(uid: string): boolean {
  if (!uid.includes('::') || uid === FILE_UID) return false;
  return !['strapi::', 'admin::', 'plugin::s3-sync'].some((prefix) => uid.startsWith(prefix));
}

function toVoid(unsubscribe: () => unknown): () => void {
  return () => {
    unsubscribe();
  };
}
