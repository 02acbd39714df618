import type { Core } from '@strapi/strapi';
import { models } from './content-types/models';

/** Adds the plugin's tables: Strapi makes them when it has registered all plugins. */
export function register({ strapi }: { strapi: Core.Strapi }): void {
  const registry = strapi.get<{ add(model: (typeof models)[number]): unknown }>('models');
  for (const model of models) registry.add(model);
}
