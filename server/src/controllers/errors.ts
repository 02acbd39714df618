import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { toSettingErrors } from '../config/settingsSchema';
import { servicesOf } from '../services';
import { answerInvalid } from './answerInvalid';
import { pageQuery } from './pageQuery';

/** `GET /s3-sync/errors`: what went wrong outside runs. */
export function errors({ strapi }: { strapi: Core.Strapi }) {
  return {
    async find(ctx: Context): Promise<void> {
      const query = pageQuery.safeParse(ctx.query);
      if (query.success) ctx.body = await servicesOf(strapi).errorLog.list(query.data.page, query.data.pageSize);
      else answerInvalid(ctx, toSettingErrors(query.error));
    },
  };
}
