import { basename } from 'node:path';
import type { Core } from '@strapi/strapi';

/**
 * Calls back when the HTTP server listens, and not before: `strapi export`, `import` and the like load plugins too, and
 * must not start a sync.
 *
 * @returns a function that ends the wait.
 */
export function whenListening(strapi: Core.Strapi, callback: () => void): () => void {
  if (isConsole(process.argv)) return () => undefined;
  const { httpServer } = strapi.server;
  httpServer.once('listening', callback);
  return () => {
    httpServer.off('listening', callback);
  };
}

/**
 * Whether a process is `strapi console`. It listens like a server, for as long as somebody looks around in it, and only
 * its command line tells it from one.
 *
 * @param argv as of `process.argv`.
 */
export function isConsole([, program = '', command]: readonly string[]): boolean {
  return /^strapi(\.js)?$/.test(basename(program)) && command === 'console';
}
