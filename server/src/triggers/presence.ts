import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';
import { HEARTBEAT_MS } from '../services/ProcessIdentity';
import { readDirectoryId } from '../services/readDirectoryId';

/** Shows this server to the others, and knows whether MULTI mode syncs here. */
export interface Presence {
  /** Begins, and resolves after a first look at the settings. */
  start(): Promise<void>;
  /** The state directory that MULTI mode syncs with now; `undefined` where it does not sync. */
  multi(): string | undefined;
  stop(): void;
}

/**
 * Shows from the start that this server is there, and enters it among those that sync as soon as it can. Settings may be
 * saved on another server, so they are read again and again.
 *
 * @param onMulti called where MULTI mode begins, with a directory it did not have: everything is to be compared first.
 */
export function createPresence(strapi: Core.Strapi, onMulti: () => void): Presence {
  const { settings, instances, log } = servicesOf(strapi);
  let multi: string | undefined;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const { settings: values, problems, places } = await settings.read();
    const { mode } = values;
    const { directory, stateDirectory } = places;
    const canSync = problems.length === 0 && mode !== undefined;
    const directoryId = canSync ? await readDirectoryId(stateDirectory) : undefined;
    if (stopped) return;
    await instances.listens(directory);
    if (!canSync || directoryId === undefined) {
      multi = undefined;
      return;
    }
    await instances.enter({ directory, directoryId, mode });
    const before = multi;
    multi = mode === 'MULTI' ? stateDirectory : undefined;
    if (multi !== undefined && multi !== before) onMulti();
  }

  async function lookAndTell(): Promise<void> {
    try {
      await look();
    } catch (error) {
      log.debug(`This server could not be shown to the others: ${describeError(error)}`);
    }
  }

  return {
    async start() {
      settings.onSave(() => void lookAndTell());
      await lookAndTell();
      if (!stopped) timer = setInterval(() => void lookAndTell(), HEARTBEAT_MS).unref();
    },
    multi: () => multi,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
