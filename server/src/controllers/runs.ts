import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import { toSettingErrors } from '../config/settingsSchema';
import { servicesOf } from '../services';
import { answerConflict, answerError, answerInvalid, answerProblems } from './answerInvalid';
import { administratorName } from './administratorName';
import { oneOf, pageQuery } from './pageQuery';
import { NO_PLAN } from './plans';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

const detailQuery = pageQuery.extend({ kind: oneOf(['failed', 'conflict', 'withheld']).optional() });

const startSchema = z.strictObject({
  confirm: z
    .string('Must be text.')
    .regex(/^[0-9a-f]{64}$/, 'Must be the digest of a refusal.')
    .optional(),
  plan: z.string('Must be text.').optional(),
  takeOver: z.boolean('Must be true or false.').optional(),
  restore: z.boolean('Must be true or false.').optional(),
});

/** `/s3-sync/runs`: the history, and the button. */
export function runs({ strapi }: { strapi: Core.Strapi }) {
  const services = servicesOf(strapi);

  return {
    async find(ctx: Context): Promise<void> {
      const query = pageQuery.safeParse(ctx.query);
      if (!query.success) {
        answerInvalid(ctx, toSettingErrors(query.error));
        return;
      }
      await services.runs.interruptDead();
      const answer = await services.runs.list(query.data.page, query.data.pageSize);
      const current = services.runner.current();
      ctx.body = { ...answer, results: answer.results.map((run) => (run.id === current?.id ? current : run)) };
    },

    async findOne(ctx: Context): Promise<void> {
      const id = idSchema.safeParse(readId(ctx));
      const query = detailQuery.safeParse(ctx.query);
      if (!query.success) {
        answerInvalid(ctx, toSettingErrors(query.error));
        return;
      }
      await services.runs.interruptDead();
      const { page, pageSize, kind } = query.data;
      const answer = id.success ? await services.runs.get(id.data, page, pageSize, kind) : undefined;
      if (answer === undefined) {
        answerError(ctx, 404, 'NotFoundError', 'There is no such run. Only the last 200 are kept.', {});
        return;
      }
      const current = services.runner.current();
      ctx.body = answer.run.id === current?.id ? { ...answer, run: current } : answer;
    },

    async start(ctx: Context): Promise<void> {
      const body = startSchema.safeParse(ctx.request.body ?? {});
      if (!body.success) {
        answerInvalid(ctx, toStartErrors(body.error));
        return;
      }
      const { confirm, plan, takeOver, restore } = body.data;
      const toApply = plan === undefined ? undefined : await services.plans.toApply(plan);
      if (toApply?.kind === 'missing') {
        answerError(ctx, 404, 'NotFoundError', NO_PLAN, {});
        return;
      }
      if (toApply?.kind === 'outdated') {
        answerConflict(ctx, 'PLAN_OUTDATED', toApply.message);
        return;
      }
      const startedBy = administratorName(ctx);
      const outcome = await services.runner.start({
        trigger: 'button',
        ...(restore === true ? { scope: { kind: 'restore' as const } } : {}),
        ...(startedBy === undefined ? {} : { startedBy }),
        ...(confirm === undefined ? {} : { confirm }),
        ...(toApply === undefined ? {} : { plan: toApply.digest }),
        ...(takeOver === undefined ? {} : { takeOver }),
      });
      switch (outcome.kind) {
        case 'started':
          ctx.status = 202;
          ctx.body = { run: outcome.run };
          return;
        case 'busy':
          answerConflict(ctx, outcome.code, outcome.message, outcome.run);
          return;
        case 'problems':
          answerProblems(ctx, outcome.problems);
      }
    },

    async cancel(ctx: Context): Promise<void> {
      const id = idSchema.safeParse(readId(ctx));
      if (id.success && services.runner.cancel(id.data)) {
        ctx.status = 202;
        ctx.body = { run: services.runner.current() };
        return;
      }
      const known = id.success ? await services.runs.get(id.data, 1, 1) : undefined;
      if (known === undefined) {
        answerError(ctx, 404, 'NotFoundError', 'There is no such run. Only the last 200 are kept.', {});
        return;
      }
      if (known.run.status === 'running') {
        answerConflict(ctx, 'RUNNING_ELSEWHERE', 'This run goes on in another process.', known.run);
      } else answerConflict(ctx, 'RUN_ENDED', 'This run has already ended.', known.run);
    },
  };
}

function toStartErrors(error: z.ZodError): { path: string[]; message: string }[] {
  return error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
}

function readId(ctx: Context): unknown {
  return z.object({ id: z.unknown() }).parse(ctx.params).id;
}
