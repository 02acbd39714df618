import type { Core } from '@strapi/strapi';
import { servicesOf } from './services';
import { stopAnswering } from './socket/answering';
import { stopTriggers } from './triggers';

/** Cancels what goes on and waits until it has ended: the database is closed next. */
export async function destroy({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  stopTriggers(strapi);
  const { runner, plans, instances, baseAccess, readThrough, files, counters, errorLog } = servicesOf(strapi);
  await runner.stop();
  await plans.idle();
  files.stop();
  await readThrough.stop();
  await baseAccess.stop();
  await stopAnswering(strapi);
  await counters.stop();
  await errorLog.stop();
  await instances.leave();
}
