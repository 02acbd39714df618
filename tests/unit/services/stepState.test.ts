import type { LookAnswer, RunAnswer } from '../../../server/src/routes/contract';
import { stepState, type StepFacts } from '../../../server/src/services/stepState';
import { noCounts } from '../../../server/src/sync/noCounts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();

const run = (status: RunAnswer['status'], minute: number): RunAnswer => ({
  id: 1,
  trigger: 'media',
  mode: 'SINGLE',
  status,
  startedAt: at(minute),
  endedAt: at(minute),
  ...noCounts(),
  requests: {},
});

const look = (status: LookAnswer['status'], minute: number): LookAnswer => ({ at: at(minute), status });

const known = (facts: Partial<StepFacts>): StepFacts => ({
  problems: [],
  running: undefined,
  lastRun: undefined,
  unresolved: undefined,
  lastLook: undefined,
  ...facts,
});

test.each<[string, Partial<StepFacts>, string]>([
  ['nothing is known', {}, 'unknown'],
  ['a setting is missing', { problems: [{ code: 'MODE_MISSING', message: '' }], lastLook: look('done', 1) }, 'off'],
  ['a run goes on', { running: run('running', 2), lastRun: run('failed', 1) }, 'running'],
  ['the last look found all in step', { lastRun: run('done', 1), lastLook: look('done', 1) }, 'in-step'],
  ['a later look mended what a run left', { lastRun: run('failed', 1), lastLook: look('done', 2) }, 'in-step'],
  ['a run failed after the last look', { lastRun: run('failed', 2), lastLook: look('done', 1) }, 'out-of-step'],
  ['a run was killed', { lastRun: run('interrupted', 2), lastLook: look('done', 1) }, 'out-of-step'],
  ['deletes were withheld', { lastRun: run('refused', 1), lastLook: look('refused', 1) }, 'out-of-step'],
  [
    'files went well after a look that failed',
    { lastRun: run('done', 2), lastLook: look('partial', 1) },
    'out-of-step',
  ],
  [
    'a scan went well after deletes in the bucket were withheld',
    { lastRun: run('refused', 1), lastLook: { ...look('done', 2), compared: 'refused' } },
    'out-of-step',
  ],
  [
    'an image went well after a refused run, and the server was started anew',
    { lastRun: run('done', 2), unresolved: run('refused', 1) },
    'out-of-step',
  ],
  ['only an earlier process has looked', { lastRun: run('done', 1) }, 'in-step'],
])('where %s', (_where, facts, state) => {
  expect(stepState(known(facts))).toBe(state);
});
