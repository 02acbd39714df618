import { createHash } from 'node:crypto';
import type { Core } from '@strapi/strapi';
import { Cron } from 'croner';
import type { Settings } from '../config/settingsSchema';

const TASK = 's3-sync:reconcile';

/**
 * Puts the regular whole run into Strapi's scheduler, in place of the one that was there.
 *
 * @param setting a cron expression, `null` for none, `undefined` for every six hours.
 * @param instance any text of this server's own: it decides the minute, so that servers do not all come at once.
 */
export function scheduleReconcile(
  strapi: Core.Strapi,
  setting: Settings['reconcileCron'],
  instance: string,
  callback: () => void,
): void {
  strapi.cron.remove(TASK);
  if (setting === null) return;
  const rule = setting ?? defaultCron(instance);
  const task = async (): Promise<void> => {
    callback();
  };
  strapi.cron.add({ [TASK]: { task, options: { rule } } });
}

/**
 * When the regular run is due next.
 *
 * @param setting and
 * @param instance as for `scheduleReconcile`.
 * @returns `undefined` where there is none.
 */
export function nextReconcile(setting: Settings['reconcileCron'], instance: string): Date | undefined {
  if (setting === null) return undefined;
  // As Strapi's scheduler reads it.
  const job = new Cron(setting ?? defaultCron(instance), { paused: true, sloppyRanges: true });
  return job.nextRun() ?? undefined;
}

/** Takes the regular run out of the scheduler. */
export function unscheduleReconcile(strapi: Core.Strapi): void {
  strapi.cron.remove(TASK);
}

/** Every six hours, at a minute and a first hour of the instance's own. */
export function defaultCron(instance: string): string {
  const [minute = 0, hour = 0] = createHash('sha256').update(instance).digest();
  return `${minute % 60} ${hour % 6}-23/6 * * *`;
}
