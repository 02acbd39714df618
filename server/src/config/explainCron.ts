import { Cron } from 'croner';
import { explain, type Explanation } from './explain';

/**
 * Says why a text is not a cron expression, or `undefined` where it is one.
 *
 * It is asked of croner, which is Strapi's own scheduler since 5.54. Of what croner takes, dates, names such as
 * `@daily`, and schedules that never come are left out: they are nothing to reconcile by.
 */
export function explainCron(expression: string): Explanation | undefined {
  const fields = expression.trim().split(/\s+/);
  if (expression.length > 100 || (fields.length !== 5 && fields.length !== 6)) return explain('CRON');
  try {
    const schedule = new Cron(expression, { paused: true });
    const next = schedule.nextRun();
    schedule.stop();
    return next === null ? explain('CRON_NEVER') : undefined;
  } catch {
    return explain('CRON');
  }
}
