import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import { toSettingErrors } from '../config/settingsSchema';
import type { PlanListAnswer, StartPlanAnswer } from '../routes/contract';
import { servicesOf } from '../services';
import { administratorName } from './administratorName';
import { answerConflict, answerError, answerInvalid, answerProblems } from './answerInvalid';
import { oneOf, pageQuery, searchText } from './pageQuery';

export const NO_PLAN = 'There is no such preview on this server. A preview is kept for a day, and only the last three.';

const paramsSchema = z.object({ id: z.string() });

const querySchema = pageQuery.extend({
  action: oneOf(['upload', 'download', 'delete-remote', 'delete-local', 'conflict']).optional(),
  search: searchText,
  sort: oneOf(['action', 'key', 'size']).default('action'),
  order: oneOf(['asc', 'desc']).default('asc'),
});

/** `/s3-sync/plans`: what a sync would do. */
export function plans({ strapi }: { strapi: Core.Strapi }) {
  const services = servicesOf(strapi);

  return {
    async start(ctx: Context): Promise<void> {
      const outcome = await services.plans.start(administratorName(ctx));
      switch (outcome.kind) {
        case 'started': {
          const answer: StartPlanAnswer = { plan: outcome.plan };
          ctx.status = 202;
          ctx.body = answer;
          return;
        }
        case 'busy':
          answerConflict(ctx, outcome.code, outcome.message, outcome.run);
          return;
        case 'problems':
          answerProblems(ctx, outcome.problems);
      }
    },

    async find(ctx: Context): Promise<void> {
      const answer: PlanListAnswer = { results: await services.plans.list() };
      ctx.body = answer;
    },

    async findOne(ctx: Context): Promise<void> {
      const query = querySchema.safeParse(ctx.query);
      if (!query.success) {
        answerInvalid(ctx, toSettingErrors(query.error));
        return;
      }
      const answer = await services.plans.get(paramsSchema.parse(ctx.params).id, query.data);
      if (answer === undefined) answerError(ctx, 404, 'NotFoundError', NO_PLAN, {});
      else ctx.body = answer;
    },

    async cancel(ctx: Context): Promise<void> {
      const { id } = paramsSchema.parse(ctx.params);
      if (services.plans.cancel(id)) {
        ctx.status = 202;
        ctx.body = {};
        return;
      }
      const isKnown = (await services.plans.list()).some((plan) => plan.id === id);
      if (isKnown) answerConflict(ctx, 'PREVIEW_ENDED', 'This preview has already ended.');
      else answerError(ctx, 404, 'NotFoundError', NO_PLAN, {});
    },
  };
}
