import type { Context } from 'koa';
import { z } from 'zod';

const userSchema = z.object({
  firstname: z.string().nullish(),
  lastname: z.string().nullish(),
  username: z.string().nullish(),
  email: z.string().nullish(),
});

/** The name of the administrator who sent the request, for the history. */
export function administratorName(ctx: Context): string | undefined {
  const user = z.object({ user: userSchema }).safeParse(ctx.state);
  if (!user.success) return undefined;
  const { firstname, lastname, username, email } = user.data.user;
  const name = [firstname, lastname].filter((part) => typeof part === 'string' && part !== '').join(' ');
  return [name, username, email].find((part) => typeof part === 'string' && part !== '') ?? undefined;
}
