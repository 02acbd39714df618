import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import { toSettingErrors } from '../config/settingsSchema';
import { servicesOf } from '../services';
import { answerError, answerInvalid } from './answerInvalid';
import { pageQuery } from './pageQuery';

const idSchema = z.coerce.number().int().min(1).max(2_147_483_647);

const startSchema = z.strictObject({
  confirm: z
    .string('Must be text.')
    .regex(/^[0-9a-f]{64}$/, 'Must be the digest of a refusal.')
    .optional(),
  takeOver: z.boolean('Must be true or false.').optional(),
  restore: z.boolean('Must be true or false.').optional(),
});

const userSchema = z.object({
  firstname: z.string().nullish(),
  lastname: z.string().nullish(),
  username: z.string().nullish(),
  email: z.string().nullish(),
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
      const query = pageQuery.safeParse(ctx.query);
      if (!query.success) {
        answerInvalid(ctx, toSettingErrors(query.error));
        return;
      }
      await services.runs.interruptDead();
      const { page, pageSize } = query.data;
      const answer = id.success ? await services.runs.get(id.data, page, pageSize) : undefined;
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
      const { confirm, takeOver, restore } = body.data;
      const startedBy = readName(ctx);
      const outcome = await services.runner.start({
        trigger: 'button',
        ...(restore === true ? { scope: { kind: 'restore' as const } } : {}),
        ...(startedBy === undefined ? {} : { startedBy }),
        ...(confirm === undefined ? {} : { confirm }),
        ...(takeOver === undefined ? {} : { takeOver }),
      });
      switch (outcome.kind) {
        case 'started':
          ctx.status = 202;
          ctx.body = { run: outcome.run };
          return;
        case 'busy':
          answerError(ctx, 409, 'ConflictError', outcome.message, { run: outcome.run });
          return;
        case 'problems':
          answerError(ctx, 400, 'ValidationError', outcome.problems.map(({ message }) => message).join(' '), {
            problems: outcome.problems,
            errors: outcome.problems.map(({ setting, message }) => ({
              path: setting === undefined ? [] : [setting],
              message,
              name: 'ValidationError',
            })),
          });
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
      const message =
        known.run.status === 'running' ? 'This run goes on in another process.' : 'This run has already ended.';
      answerError(ctx, 409, 'ConflictError', message, { run: known.run });
    },
  };
}

function toStartErrors(error: z.ZodError): { path: string[]; message: string }[] {
  return error.issues.map(({ path, message }) => ({ path: path.map(String), message }));
}

function readId(ctx: Context): unknown {
  return z.object({ id: z.unknown() }).parse(ctx.params).id;
}

/** The administrator's name, for the history. */
function readName(ctx: Context): string | undefined {
  const user = z.object({ user: userSchema }).safeParse(ctx.state);
  if (!user.success) return undefined;
  const { firstname, lastname, username, email } = user.data.user;
  const name = [firstname, lastname].filter((part) => typeof part === 'string' && part !== '').join(' ');
  return [name, username, email].find((part) => typeof part === 'string' && part !== '') ?? undefined;
}
