import type { RunEnd } from '../../../server/src/services/runner';
import type { Wish } from '../../../server/src/services/wishes';
import { outcomeOf } from '../../../server/src/triggers/carryOut';
import { makeReport } from '../../support/makeReport';

const everything: Wish = { trigger: 'start', whole: true };
const files: Wish = { trigger: 'media', uploads: ['a.jpg'] };
const walk: Wish = { trigger: 'scan' };

/** A run that ended so, and is not worth another try by itself. */
function endOf(status: RunEnd['run']['status'], more: Partial<RunEnd> = {}): RunEnd {
  const run = { ...makeReport(), id: 1, trigger: 'start' as const, startedAt: new Date(0).toISOString(), status };
  return { run, worthRetrying: false, onlyUnsettled: false, isUnwritable: false, ...more };
}

test.each<[what: string, wish: Wish, end: RunEnd, isOwed: boolean, outcome: string]>([
  ['all was done', everything, endOf('done'), true, 'done'],
  ['the store is away', walk, endOf('failed', { worthRetrying: true }), false, 'again'],
  ['a file is being written', walk, endOf('partial', { worthRetrying: true, onlyUnsettled: true }), false, 'unsettled'],
  ['one file by name fails again and again', files, endOf('partial', { worthRetrying: true }), false, 'unsettled'],
  ['one file that a walk found fails', walk, endOf('partial', { worthRetrying: true }), false, 'again'],
  ['the store is away for files by name', files, endOf('failed', { worthRetrying: true }), false, 'again'],
  ['the store refuses a file by name', files, endOf('partial'), false, 'unsettled'],
  ['the store refuses a file that a walk found', walk, endOf('partial'), false, 'done'],
  ['changes were missed, and the credentials are rejected', everything, endOf('failed'), true, 'again'],
  ['changes were missed, and the disk is full', everything, endOf('partial', { isUnwritable: true }), true, 'again'],
  ['changes were missed, and one object can be no file here', everything, endOf('partial'), true, 'done'],
  ['changes were missed, and a person cancelled the run', everything, endOf('cancelled'), true, 'done'],
  ['nothing was missed, and the credentials are rejected', everything, endOf('failed'), false, 'done'],
  ['a walk met rejected credentials while changes are missed', walk, endOf('failed'), true, 'done'],
])('%s', (_what, wish, end, isOwed, outcome) => {
  expect(outcomeOf(wish, end, isOwed)).toBe(outcome);
});
