import { hostname } from 'node:os';
import type { Core } from '@strapi/strapi';
import type { ScheduleAnswer, SkipReason, TriggerName } from '../routes/contract';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';
import type { SettingsState } from '../services/settings';
import type { Wish } from '../services/wishes';
import { createCarrier } from './carryOut';
import { watchContent } from './content';
import { nextReconcile, scheduleReconcile, unscheduleReconcile } from './cron';
import { watchFeed } from './feed';
import { keepTrying } from './keepTrying';
import { watchMedia } from './media';
import { createPresence } from './presence';
import { createQueue } from './queue';
import { createScan } from './scan';
import { whenListening } from './start';
import { watchTrash } from './trash';

/** Until the settings are read, in seconds. */
const COALESCE_SECONDS = 2;

/** In MULTI mode the other servers wait for files by name, in ms: long enough for all files of one upload. */
const COALESCE_NAMES_MS = 200;

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
  const { settings, runner, runs, wishes, activity, counters, errorLog, schedule: plan } = servicesOf(strapi);
  const log = errorLog.logFor('triggers');
  const instance = `${hostname()} ${strapi.dirs.app.root}`;
  const carrier = createCarrier(strapi, (durationMs) => {
    scan.walked(durationMs);
  });
  let listening = false;

  const syncOn = () => settings.last()?.settings.syncOn;

  const queue = createQueue({
    coalesceMs({ trigger, uploads, keys, changes }) {
      if (changes !== undefined || trigger === 'scan') return 0;
      const gatherMs = (syncOn()?.coalesceSeconds ?? COALESCE_SECONDS) * 1_000;
      const isNamed = uploads !== undefined || keys !== undefined;
      return isNamed && presence.multi() !== undefined ? Math.min(COALESCE_NAMES_MS, gatherMs) : gatherMs;
    },
    carryOut: (wish) => carrier.carryOut(wish),
    onError(error) {
      log.error(`A sync could not be started: ${describeError(error)}`);
    },
    onMerge: () => {
      activity.skip('coalesced');
    },
  });

  function ask(wish: Wish): void {
    activity.event(wish.trigger);
    queue.add(wish);
  }

  function ignore(trigger: TriggerName, reason: SkipReason): void {
    activity.event(trigger);
    activity.skip(reason);
  }

  const scan = createScan({
    everyMs: () => (settings.last()?.settings.scanEvery ?? 0) * 1_000,
    isBusy: () => runner.current() !== undefined,
    look: () => {
      ask({ trigger: 'scan' });
    },
    skipped: () => {
      ignore('scan', 'busy');
    },
  });

  const presence = createPresence(strapi, () => {
    carrier.missedChanges();
    ask({ trigger: 'start', whole: true });
  });

  const feed = watchFeed(strapi, {
    stateDirectory: () => presence.multi(),
    changed: (changes) => {
      ask({ trigger: 'feed', changes });
    },
    farBehind: () => {
      carrier.missedChanges();
      ask({ trigger: 'feed', whole: true });
    },
  });

  const trash = watchTrash(strapi);

  function schedule({ settings: { reconcileCron } }: SettingsState): void {
    scheduleReconcile(strapi, reconcileCron, instance, () => {
      ask({ trigger: 'cron', whole: true });
    });
    scan.reschedule();
  }

  function nextLooks(): ScheduleAnswer {
    const values = settings.last()?.settings;
    const scanAt = scan.nextAt();
    const reconcileAt = values && nextReconcile(values.reconcileCron, instance);
    return {
      ...(scanAt === undefined ? {} : { scanAt: new Date(scanAt).toISOString() }),
      ...(reconcileAt === undefined ? {} : { reconcileAt: reconcileAt.toISOString() }),
    };
  }

  /** All of it may be done again: where the database fails, this is tried until it succeeds. */
  async function begin(): Promise<void> {
    const state = await settings.read();
    await runs.interruptDead();
    if (!listening) return;
    schedule(state);
    scan.start();
    trash.start();
    await feed.start();
    await presence.start();
    // Where MULTI mode syncs, the presence has asked for this run.
    if (presence.multi() === undefined && !carrier.hasProblems(state)) ask({ trigger: 'start', whole: true });
  }

  let endBeginning = (): void => undefined;

  function listen(): void {
    listening = true;
    counters.start();
    errorLog.start();
    plan.follow(nextLooks);
    settings.onSave(schedule);
    endBeginning = keepTrying(begin, (cause) => {
      log.error(`Automatic syncs could not be started, and will be tried again: ${cause}`);
    });
  }

  const ends = [
    wishes.listen((wish) => {
      ask(wish);
    }),
    watchContent(strapi, {
      syncOn: () => (listening ? syncOn() : undefined),
      changed: () => {
        ask({ trigger: 'content' });
      },
      ignored: (reason) => {
        ignore('content', reason);
      },
      log,
    }),
    watchMedia(strapi, {
      syncOn: () => (listening ? syncOn() : undefined),
      changed: (uploads, isDeleted) => {
        const deleted = isDeleted ? { deleted: uploads } : {};
        ask({ trigger: 'media', ...(uploads === undefined ? {} : { uploads, ...deleted }) });
      },
      ignored: (reason) => {
        ignore('media', reason);
      },
      log,
    }),
    whenListening(strapi, listen),
  ];

  return () => {
    listening = false;
    for (const end of ends) end();
    endBeginning();
    scan.stop();
    trash.stop();
    presence.stop();
    feed.stop();
    queue.stop();
    unscheduleReconcile(strapi);
  };
}
