import { createRequire } from 'node:module';
import fc from 'fast-check';
import { z } from 'zod';
import { explainCron } from '../../../server/src/config/explainCron';
import { defaultCron } from '../../../server/src/triggers/cron';

/** Strapi's own scheduler, found the way Strapi finds it. */
function schedulerTakes(expression: string): boolean {
  const fromStrapi = createRequire(require.resolve('@strapi/core/package.json'));
  const { Cron } = z
    .object({ Cron: z.custom<CronClass>((value) => typeof value === 'function') })
    .parse(fromStrapi('croner'));
  try {
    new Cron(expression, { paused: true, sloppyRanges: true }).stop();
    return true;
  } catch {
    return false;
  }
}

type CronClass = new (expression: string, options: object) => { stop(): void };

/** One field of a cron expression with numbers about as large as they may be. */
function field(max: number) {
  const number = fc.integer({ min: 0, max: max + 1 });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant('*') },
    { weight: 4, arbitrary: number.map(String) },
    fc.tuple(number, number).map(([from, to]) => `${from}-${to}`),
    fc.tuple(number, number, number).map(([from, to, step]) => `${from}-${to}/${step}`),
    fc.tuple(number, number).map(([from, step]) => `${from}/${step}`),
    number.map((step) => `*/${step}`),
    fc.array(number, { minLength: 1, maxLength: 4 }).map((values) => values.join(',')),
    fc.constantFrom('MON', 'JAN', 'MON-FRI', 'jan-mar', 'L', '?', '1#2', '5L', 'H', 'x', '*/0', '-1', '1-', '*,1'),
  );
}

const expressions = fc
  .tuple(fc.option(field(59)), field(59), field(23), field(31), field(12), field(7))
  .map((fields) => fields.filter((one) => one !== null).join(' '));

describe('a cron expression', () => {
  test.each(['0 */6 * * *', '15 3 * * *', '*/10 * * * * *', '0 0 * * MON-FRI', '5 1-23/6 * * *'])(
    'is taken: %s',
    (ok) => {
      expect(explainCron(ok)).toBeUndefined();
      expect(schedulerTakes(ok)).toBe(true);
    },
  );

  test.each(['', '* * * *', '60 * * * *', 'every day', '0 0 0 1 1 * 2030', 'H 0 * * *', '0 25 * * *'])(
    'is refused: %s',
    (bad) => {
      expect(explainCron(bad)).toMatchObject({ code: 'CRON', message: expect.stringContaining('five fields') });
    },
  );

  test("that is taken is one that Strapi's scheduler takes", () => {
    let taken = 0;
    fc.assert(
      fc.property(expressions, (expression) => {
        if (explainCron(expression) !== undefined) return;
        taken += 1;
        expect({ expression, taken: schedulerTakes(expression) }).toEqual({ expression, taken: true });
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(200);
  });

  test('of the default is taken, whatever the instance', () => {
    fc.assert(
      fc.property(fc.string(), (instance) => {
        expect(explainCron(defaultCron(instance))).toBeUndefined();
      }),
    );
  });
});
