import { parseExpression } from 'cron-parser';

/** The largest step in each field, from the day of the week backwards: seconds may be left out. */
const LARGEST_STEPS = [7, 12, 31, 24, 60, 60];

/** Numbers and names, alone or in lists, ranges and steps. */
const FIELD = /^(?:[a-z]{3}|[\d*,/-])+$/i;

/**
 * Says why a text is not a cron expression, or `undefined` where it is one.
 *
 * Strapi's scheduler is croner, which is stricter than the parser used here: it takes no fewer than five fields, no
 * step that is larger than its field, and `L` and the like only in some places, so these are left out altogether.
 *
 * @returns one plain sentence.
 */
export function explainCron(expression: string): string | undefined {
  const help = 'Enter a cron expression of five fields, such as "15 */6 * * *".';
  const fields = expression.trim().split(/\s+/);
  if (expression.length > 100 || (fields.length !== 5 && fields.length !== 6)) return help;
  if (!fields.every((field) => FIELD.test(field))) return help;
  if (fields.toReversed().some((field, index) => largestStep(field) > (LARGEST_STEPS[index] ?? 0))) return help;
  try {
    parseExpression(expression);
    return undefined;
  } catch {
    return help;
  }
}

function largestStep(field: string): number {
  const steps = [...field.matchAll(/\/(\d+)/g)].map(([, step]) => Number(step));
  return Math.max(0, ...steps);
}
