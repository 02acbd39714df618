import type { Core } from '@strapi/strapi';

/**
 * Calls back when the HTTP server listens, and not before: `strapi export`, `console` and the like load plugins too,
 * and must not start a sync.
 *
 * @returns a function that ends the wait.
 */
export function whenListening(strapi: Core.Strapi, callback: () => void): () => void {
  const { httpServer } = strapi.server;
  httpServer.once('listening', callback);
  return () => {
    httpServer.off('listening', callback);
  };
}
