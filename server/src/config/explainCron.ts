import { parseExpression } from 'cron-parser';

/**
 * Says why a text is not a cron expression, or `undefined` where it is one.
 *
 * Strapi's scheduler (croner) takes whatever passes here; cron-parser also knows shorter forms, which it does not take.
 *
 * @returns one plain sentence.
 */
export function explainCron(expression: string): string | undefined {
  const help = 'Enter a cron expression of five fields, such as "15 */6 * * *".';
  const fields = expression.trim().split(/\s+/);
  if (expression.length > 100 || (fields.length !== 5 && fields.length !== 6)) return help;
  try {
    parseExpression(expression);
    return undefined;
  } catch {
    return help;
  }
}
