import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import { toSettingErrors } from '../config/settingsSchema';
import type { RestoreAnswer } from '../routes/contract';
import { servicesOf } from '../services';
import { SyncError } from '../sync/SyncError';
import { answerError, answerInvalid } from './answerInvalid';
import { pageQuery, searchText } from './pageQuery';

const querySchema = pageQuery.extend({ search: searchText });

const paramsSchema = z.object({ id: z.string() });

/** `/s3-sync/trash`: what syncs took away on the server that answers. */
export function trash({ strapi }: { strapi: Core.Strapi }) {
  const services = servicesOf(strapi);

  return {
    async find(ctx: Context): Promise<void> {
      const query = querySchema.safeParse(ctx.query);
      if (!query.success) {
        answerInvalid(ctx, toSettingErrors(query.error));
        return;
      }
      const { page, pageSize, search } = query.data;
      ctx.body = await services.trash.page(page, pageSize, search);
    },

    async restore(ctx: Context): Promise<void> {
      const { id } = paramsSchema.parse(ctx.params);
      try {
        const item = await services.trash.restore(id);
        if (item === undefined) {
          answerError(ctx, 404, 'NotFoundError', 'There is no such file in the trash of this server.', {});
          return;
        }
        const answer: RestoreAnswer = { key: item.key };
        ctx.body = answer;
      } catch (error) {
        if (!(error instanceof SyncError)) throw error;
        answerError(ctx, 409, 'ConflictError', `${error.message} ${error.fix}`.trim(), { code: error.code });
      }
    },
  };
}
