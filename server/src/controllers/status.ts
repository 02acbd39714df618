import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { servicesOf } from '../services';

/** `GET /s3-sync/status`. */
export function status({ strapi }: { strapi: Core.Strapi }) {
  return {
    async find(ctx: Context): Promise<void> {
      ctx.body = await servicesOf(strapi).status.read();
    },
  };
}
