import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import type { ConnectionTestAnswer, CredentialsAnswer, InvalidAnswer, Problem } from '../routes/contract';
import { servicesOf } from '../services';
import { SyncError } from '../sync/SyncError';
import { answerError, answerInvalid } from './answerInvalid';

const bodySchema = z.record(z.string(), z.unknown());

/** A person waits in front of the page; a store that is slow in everything is not waited for longer. In ms. */
const TEST_LIMIT_MS = 90_000;

/** What is missing for a test, at its setting. */
function toInvalid({ code, setting, message }: Problem): Omit<InvalidAnswer, 'name'> {
  const path = setting === undefined ? [] : [setting];
  return code === 'BUCKET_MISSING' || code === 'REGION_MISSING' ? { path, code, message } : { path, message };
}

/** `POST /s3-sync/connection-test` and `GET /s3-sync/credentials`. */
export function connection({ strapi }: { strapi: Core.Strapi }) {
  const services = servicesOf(strapi);

  return {
    /** Tests the settings of a form that may not be saved yet, and saves none of them. */
    async test(ctx: Context): Promise<void> {
      const body = bodySchema.safeParse(ctx.request.body ?? {});
      if (!body.success) {
        answerInvalid(ctx, [{ path: [], message: 'The body must be an object of settings.' }]);
        return;
      }
      const draft = await services.settings.draft(body.data);
      if ('errors' in draft) {
        answerInvalid(ctx, draft.errors);
        return;
      }
      const signal = AbortSignal.timeout(TEST_LIMIT_MS);
      const outcome = await services.runner.test(signal, draft.settings).catch((error: unknown) => {
        if (error instanceof SyncError && error.code === 'CANCELLED') return undefined;
        throw error;
      });
      if (outcome === undefined) {
        const message = `The store took longer than ${TEST_LIMIT_MS / 1000} seconds.`;
        answerError(ctx, 504, 'GatewayTimeoutError', message, {});
        return;
      }
      if ('problems' in outcome) {
        answerInvalid(ctx, outcome.problems.map(toInvalid));
        return;
      }
      ctx.body = outcome.test satisfies ConnectionTestAnswer;
    },

    async credentials(ctx: Context): Promise<void> {
      ctx.body = { source: await services.credentials.find() } satisfies CredentialsAnswer;
    },
  };
}
