import type { Context } from 'koa';
import type { SettingError } from '../config/settingsSchema';
import type { ConflictCode, InvalidAnswer, Problem, RunAnswer } from '../routes/contract';

type Invalid = Omit<InvalidAnswer, 'name'>;

/** Answers 400 in the form of Strapi's own validation errors, so that the admin shows each at its field. */
export function answerInvalid(ctx: Context, errors: readonly (SettingError | Invalid)[]): void {
  const message = errors.length === 1 ? (errors[0]?.message ?? '') : `${errors.length} errors occurred`;
  answerError(ctx, 400, 'ValidationError', message, {
    errors: errors.map((error): InvalidAnswer => ({ ...error, name: 'ValidationError' })),
  });
}

/** Answers 400: nothing can be synced, and these are the reasons. */
export function answerProblems(ctx: Context, problems: readonly Problem[]): void {
  answerError(ctx, 400, 'ValidationError', problems.map(({ message }) => message).join(' '), {
    problems,
    errors: problems.map(({ setting, message }) => ({
      path: setting === undefined ? [] : [setting],
      message,
      name: 'ValidationError',
    })),
  });
}

/**
 * Answers 409: it cannot be done now.
 *
 * @param run the one that is in the way, or that was meant.
 */
export function answerConflict(ctx: Context, code: ConflictCode, message: string, run?: RunAnswer): void {
  answerError(ctx, 409, 'ConflictError', message, { code, ...(run === undefined ? {} : { run }) });
}

/** Answers with an error in Strapi's form. */
export function answerError(ctx: Context, status: number, name: string, message: string, details: object): void {
  ctx.status = status;
  ctx.body = { data: null, error: { status, name, message, details } };
}
