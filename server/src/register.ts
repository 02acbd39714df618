import type { Core } from '@strapi/strapi';
import { models } from './content-types/models';
import { registerPublicUrls } from './serve/registerPublicUrls';

/** Adds the plugin's tables, which Strapi makes when it has registered all plugins, and the public URLs of media. */
export function register({ strapi }: { strapi: Core.Strapi }): void {
  const registry = strapi.get<{ add(model: (typeof models)[number]): unknown }>('models');
  for (const model of models) registry.add(model);
  registerPublicUrls(strapi);
}
