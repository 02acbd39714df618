import { Cron } from 'croner';

/**
 * Says why a text is not a cron expression, or `undefined` where it is one.
 *
 * It is asked of croner, which is Strapi's own scheduler since 5.54. Of what croner takes, dates, names such as
 * `@daily`, and schedules that never come are left out: they are nothing to reconcile by.
 *
 * @returns one plain sentence.
 */
export function explainCron(expression: string): string | undefined {
  const help = 'Enter a cron expression of five fields, such as "15 */6 * * *".';
  const fields = expression.trim().split(/\s+/);
  if (expression.length > 100 || (fields.length !== 5 && fields.length !== 6)) return help;
  try {
    const schedule = new Cron(expression, { paused: true });
    const next = schedule.nextRun();
    schedule.stop();
    return next === null ? 'This schedule never comes. Enter another one, such as "15 */6 * * *".' : undefined;
  } catch {
    return help;
  }
}
