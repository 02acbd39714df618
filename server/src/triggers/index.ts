import { hostname } from 'node:os';
import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';
import type { RunRequest } from '../services/runner';
import { keyOfUpload } from '../services/places';
import type { SettingsState } from '../services/settings';
import { watchContent } from './content';
import { scheduleReconcile, unscheduleReconcile } from './cron';
import { watchMedia } from './media';
import { createQueue, type Wish, type WishOutcome } from './queue';
import { whenListening } from './start';

/** Until the settings are read, in seconds. */
const COALESCE_SECONDS = 2;

const endByStrapi = new WeakMap<Core.Strapi, () => void>();

/** Watches all that asks for a sync. Nothing happens before the HTTP server listens. */
export function startTriggers(strapi: Core.Strapi): void {
  endByStrapi.set(strapi, watchAll(strapi));
}

/** Ends what `startTriggers` began. */
export function stopTriggers(strapi: Core.Strapi): void {
  endByStrapi.get(strapi)?.();
  endByStrapi.delete(strapi);
}

function watchAll(strapi: Core.Strapi): () => void {
  const { settings, runner, runs, log } = servicesOf(strapi);
  const instance = `${hostname()} ${strapi.dirs.app.root}`;
  let listening = false;
  let toldProblems = '';

  const syncOn = () => settings.last()?.settings.syncOn;
  const enabled = () => listening && syncOn()?.enabled === true;

  const queue = createQueue({
    coalesceMs: () => (syncOn()?.coalesceSeconds ?? COALESCE_SECONDS) * 1_000,
    carryOut,
    onError(error) {
      log.error(`A sync could not be started: ${describeError(error)}`);
    },
  });

  async function carryOut(wish: Wish): Promise<WishOutcome> {
    const state = await settings.read();
    if (hasProblems(state)) return 'done';
    const request = toRequest(wish, state);
    if (request === undefined) return 'done';
    await runner.idle();
    const outcome = await runner.start(request);
    if (outcome.kind === 'problems') return 'done';
    if (outcome.kind === 'busy') {
      log.debug(`${outcome.message} Trying again later.`);
      return 'again';
    }
    const { worthRetrying } = await outcome.ended;
    return worthRetrying ? 'again' : 'done';
  }

  /** Says once in the log why nothing is synced, and again only where it is something else. */
  function hasProblems({ problems }: SettingsState): boolean {
    const told = problems.map(({ message }) => message).join(' ');
    if (told !== '' && told !== toldProblems) log.warn(`Nothing is synced: ${told}`);
    toldProblems = told;
    return problems.length > 0;
  }

  function toRequest({ trigger, uploads, whole }: Wish, { places }: SettingsState): RunRequest | undefined {
    if (uploads === undefined) return { trigger, scope: { kind: whole === true ? 'whole' : 'local' } };
    const keys = uploads.flatMap((name) => keyOfUpload(settings.project, places.directory, name) ?? []);
    return keys.length === 0 ? undefined : { trigger, scope: { kind: 'keys', keys } };
  }

  function schedule({ settings: { reconcileCron } }: SettingsState): void {
    scheduleReconcile(strapi, reconcileCron, instance, () => {
      queue.add({ trigger: 'cron', whole: true });
    });
  }

  async function begin(): Promise<void> {
    const state = await settings.read();
    listening = true;
    await runs.interruptDead();
    schedule(state);
    settings.onSave(schedule);
    if (!hasProblems(state)) queue.add({ trigger: 'start', whole: true });
  }

  const ends = [
    watchContent(strapi, {
      syncOn: () => (listening ? syncOn() : undefined),
      changed: () => {
        queue.add({ trigger: 'content' });
      },
      log,
    }),
    watchMedia(strapi, {
      enabled,
      changed: (uploads) => {
        queue.add({ trigger: 'media', ...(uploads === undefined ? {} : { uploads }) });
      },
      log,
    }),
    whenListening(strapi, () => {
      begin().catch((error: unknown) => {
        log.error(`Automatic syncs could not be started: ${describeError(error)}`);
      });
    }),
  ];

  return () => {
    listening = false;
    for (const end of ends) end();
    queue.stop();
    unscheduleReconcile(strapi);
  };
}
