import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { whenListening } from '../triggers/start';
import { CommandServer } from './CommandServer';

const endByStrapi = new WeakMap<Core.Strapi, () => Promise<void>>();

/** Answers the command line from the moment on when the HTTP server listens. */
export function startAnswering(strapi: Core.Strapi): void {
  const { commands, log } = servicesOf(strapi);
  const server = new CommandServer({ appRoot: strapi.dirs.app.root, commands, log });
  const endWait = whenListening(strapi, () => {
    void server.start();
  });
  endByStrapi.set(strapi, () => {
    endWait();
    return server.stop();
  });
}

/** Ends what `startAnswering` began, after what is being answered. */
export async function stopAnswering(strapi: Core.Strapi): Promise<void> {
  await endByStrapi.get(strapi)?.();
  endByStrapi.delete(strapi);
}
