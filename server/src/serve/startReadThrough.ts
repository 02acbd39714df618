import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { describeError } from '../services/describeError';
import { FILE_UID } from '../services/uploadedFile';
import { afterCommit } from '../triggers/afterCommit';
import { readThroughMiddleware } from './readThroughMiddleware';

/**
 * Puts the middleware behind Strapi's own ones and before the routes, which `bootstrap` alone can: in `register` it would
 * stand before the logger and the security headers.
 */
export function startReadThrough(strapi: Core.Strapi): void {
  const { servingSettings, readThrough, knownFiles, log } = servicesOf(strapi);
  strapi.server.use(readThroughMiddleware({ settings: servingSettings, readThrough, known: knownFiles }));
  const recheck = (): Promise<void> =>
    afterCommit(strapi, () => {
      readThrough.recheck().catch((error: unknown) => {
        log.warn(`Files of deleted media entries could not be looked at again: ${describeError(error)}`);
      });
    });
  strapi.db.lifecycles.subscribe({
    models: [FILE_UID],
    afterUpdate: recheck,
    afterUpdateMany: recheck,
    afterDelete: recheck,
    afterDeleteMany: recheck,
  });
}
