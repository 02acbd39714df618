import type { Core } from '@strapi/strapi';

/** Strapi's log, each line marked as this plugin's. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Prefixes every line with `[s3-sync]`. */
export function createLog(strapi: Core.Strapi): Log {
  return {
    debug: (message) => strapi.log.debug(`[s3-sync] ${message}`),
    info: (message) => strapi.log.info(`[s3-sync] ${message}`),
    warn: (message) => strapi.log.warn(`[s3-sync] ${message}`),
    error: (message) => strapi.log.error(`[s3-sync] ${message}`),
  };
}
