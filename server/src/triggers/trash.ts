import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Deletes once a day what was in the trash for too long, whatever the mode: a restore fills it in SINGLE mode too. */
export function watchTrash(strapi: Core.Strapi): { start(): void; stop(): void } {
  const { trash, errorLog } = servicesOf(strapi);
  const log = errorLog.logFor('triggers');
  let timer: NodeJS.Timeout | undefined;

  function purge(): void {
    trash.purge().catch((error: unknown) => {
      log.warn(`What is too old in the trash could not be deleted: ${describeError(error)}`);
    });
  }

  return {
    start() {
      purge();
      timer ??= setInterval(purge, DAY_MS).unref();
    },
    stop() {
      clearInterval(timer);
    },
  };
}
