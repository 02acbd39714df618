import type { LookAnswer, RunAnswer } from '../../../server/src/routes/contract';
import { findUnresolved, type EndedRun } from '../../../server/src/services/unresolved';
import { noCounts } from '../../../server/src/sync/noCounts';

type Scope = NonNullable<RunAnswer['scope']>;

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();

interface More extends Partial<RunAnswer> {
  keys?: readonly string[];
}

/** A run that began and ended in the minute of its number. */
function ended(id: number, scope: Scope, status: RunAnswer['status'], { keys, ...more }: More = {}): EndedRun {
  const run: RunAnswer = {
    id,
    trigger: scope === 'keys' ? 'media' : 'button',
    scope,
    mode: 'SINGLE',
    status,
    startedAt: at(id),
    endedAt: at(id),
    ...noCounts(),
    requests: {},
    ...more,
  };
  return keys === undefined ? { run } : { run, keys };
}

const refusedBy = (guard: NonNullable<RunAnswer['refused']>['guard']): More => ({
  refused: { guard, count: 20, limit: 10, message: '', fix: '' },
});

const failedWith = (code: string): More => ({ error: { code, message: '', fix: '' } });

const look = (minute: number, status: LookAnswer['status'] = 'done'): LookAnswer => ({ at: at(minute), status });

/** @param runs oldest first. */
const openOf = (runs: EndedRun[], lastLook?: LookAnswer): number | undefined =>
  findUnresolved([...runs].reverse(), lastLook)?.id;

test.each<[string, EndedRun[], number | undefined]>([
  ['nothing has run', [], undefined],
  ['all went well', [ended(1, 'whole', 'done')], undefined],
  ['a whole run was refused', [ended(1, 'whole', 'refused')], 1],
  ['an image went well after a refused whole run', [ended(1, 'whole', 'refused'), ended(2, 'keys', 'done')], 1],
  ['a scan went well after a failed whole run', [ended(1, 'whole', 'failed'), ended(2, 'local', 'done')], 1],
  ['a whole run went well after a refused one', [ended(1, 'whole', 'refused'), ended(2, 'whole', 'done')], undefined],
  [
    'a whole run went well after a scan left files',
    [ended(1, 'local', 'partial'), ended(2, 'whole', 'done')],
    undefined,
  ],
  ['a whole run failed after a good one', [ended(1, 'whole', 'done'), ended(2, 'whole', 'failed')], 2],
  ['a run was cancelled', [ended(1, 'whole', 'cancelled')], undefined],
  ['the next run was cancelled', [ended(1, 'whole', 'refused'), ended(2, 'whole', 'cancelled')], 1],
  ['the server was killed', [ended(1, 'whole', 'interrupted')], 1],
  ['a preview was out of date', [ended(1, 'whole', 'failed', failedWith('PLAN_OUTDATED'))], undefined],
  [
    'a preview was out of date after a refusal',
    [ended(1, 'whole', 'refused'), ended(2, 'whole', 'failed', failedWith('PLAN_OUTDATED'))],
    1,
  ],
  ['two whole runs in a row were refused', [ended(1, 'whole', 'refused'), ended(2, 'whole', 'refused')], 2],
  ['a scan left files after a refused whole run', [ended(1, 'whole', 'refused'), ended(2, 'local', 'partial')], 1],
  [
    'the files of an emptied directory were restored',
    [ended(1, 'whole', 'refused', refusedBy('directory-emptied')), ended(2, 'restore', 'done')],
    undefined,
  ],
  [
    'files were restored while too many deletes wait',
    [ended(1, 'whole', 'refused', refusedBy('max-delete')), ended(2, 'restore', 'done')],
    1,
  ],
  ['a restore failed', [ended(1, 'whole', 'refused', refusedBy('folder-emptied')), ended(2, 'restore', 'failed')], 1],
  [
    'other files went well',
    [ended(1, 'keys', 'partial', { keys: ['a'] }), ended(2, 'keys', 'done', { keys: ['b'] })],
    1,
  ],
  [
    'the same files went well, with others',
    [ended(1, 'keys', 'partial', { keys: ['a'] }), ended(2, 'keys', 'done', { keys: ['b', 'a'] })],
    undefined,
  ],
  ['all local files went well', [ended(1, 'keys', 'partial', { keys: ['a'] }), ended(2, 'local', 'done')], undefined],
  [
    'all local files went well, but what another server changed is still missing',
    [ended(1, 'keys', 'partial', { keys: ['a'], trigger: 'feed' }), ended(2, 'local', 'done')],
    1,
  ],
])('what a person has to settle stays until a run that looks at as much ends well: %s', (_where, runs, open) => {
  expect(openOf(runs)).toBe(open);
});

test('a scan that found nothing, and is not in the history, settles what a scan before it left', () => {
  const left = [ended(1, 'local', 'partial')];
  expect(openOf(left, look(0))).toBe(1);
  expect(openOf(left, look(2, 'partial'))).toBe(1);
  expect(openOf(left, look(2))).toBeUndefined();
});

test('a scan that found nothing does not settle what a whole run left', () => {
  expect(openOf([ended(1, 'whole', 'refused')], look(2))).toBe(1);
});

test('a run of an older version tells by its trigger how much it looked at', () => {
  const { run } = ended(2, 'keys', 'done');
  const { scope: _, ...older } = run;
  expect(openOf([ended(1, 'whole', 'refused'), { run: older }])).toBe(1);
  expect(openOf([ended(1, 'whole', 'refused'), { run: { ...older, trigger: 'cron' } }])).toBeUndefined();
});
