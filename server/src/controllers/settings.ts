import type { Core } from '@strapi/strapi';
import type { Context } from 'koa';
import { z } from 'zod';
import type { SettingsAnswer } from '../routes/contract';
import { servicesOf } from '../services';
import type { SettingsState } from '../services/settings';
import { answerInvalid } from './answerInvalid';

const bodySchema = z.record(z.string(), z.unknown());

/** `GET` and `PUT /s3-sync/settings`. */
export function settings({ strapi }: { strapi: Core.Strapi }) {
  const services = servicesOf(strapi);

  function toAnswer({ settings: values, locked, problems, version }: SettingsState): SettingsAnswer {
    return { settings: values, locked, problems, version, credentials: services.credentials.source() };
  }

  return {
    async find(ctx: Context): Promise<void> {
      ctx.body = toAnswer(await services.settings.read());
    },

    async update(ctx: Context): Promise<void> {
      const body = bodySchema.safeParse(ctx.request.body ?? {});
      if (!body.success) {
        answerInvalid(ctx, [{ path: [], message: 'The body must be an object of settings.' }]);
        return;
      }
      const saved = await services.settings.save(body.data);
      if ('errors' in saved) answerInvalid(ctx, saved.errors);
      else ctx.body = toAnswer(saved.state);
    },
  };
}
