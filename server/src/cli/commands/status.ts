import { answers } from '../../commands/contract';
import type { StatusAnswer, StepState } from '../../routes/contract';
import type { TotalOfSides } from '../../sync/SideTotals';
import type { Command } from '../Command';
import { EXIT } from '../exitCodes';
import { formatBytes, formatNumber, formatTable } from '../format';
import { describeRun } from '../SyncReporter';

const STATES: Record<StepState, string> = {
  off: 'nothing is synced, see the problems below',
  running: 'a sync is running',
  'in-step': 'in step: at the last look, the bucket and the files here were the same',
  'out-of-step': 'not in step: a run did not do all that was to be done',
  unknown: 'not known yet: nobody has looked',
};

/** `s3-sync status` */
export const status: Command = {
  name: 'status',
  summary: 'Show whether both sides are in step, what goes on, the last and the next run, and problems',
  usage: 'status',
  help: '',
  examples: ['s3-sync status', 's3-sync status --json | jq .lastRun.status'],
  words: { min: 0, max: 0 },

  async run(_typed, { session, output }) {
    const found = await session.call({ command: 'status' }, answers.status);
    const { server } = session;
    const rows = [
      ['State', STATES[found.state]],
      ['Server', server ? `running (${server.host}, process ${server.pid})` : 'not running on this machine'],
      ['Now', found.running ? `run ${found.running.id} (${found.running.trigger}) goes on` : 'nothing goes on'],
      ...describeLook(found),
      [
        'Last run',
        found.lastRun ? `${found.lastRun.endedAt ?? ''} ${describeRun(found.lastRun, false)}`.trim() : 'none',
      ],
      ...(found.unresolved === undefined || found.unresolved.id === found.lastRun?.id
        ? []
        : [['To settle', `${found.unresolved.endedAt ?? ''} ${describeRun(found.unresolved, false)}`.trim()]]),
      ...describeNext(found),
      ...found.instances
        .filter(({ alive }) => alive)
        .map(({ host, directory, lastSeenAt, current }) => [
          current ? 'This one' : 'Instance',
          `${host}, ${directory}, last seen ${lastSeenAt}`,
        ]),
      ...found.problems.map(({ message }) => ['Problem', message]),
    ];
    output.answer({ server: server ?? null, ...found }, formatTable(rows));
    return EXIT.done;
  },
};

/** What the last look at all files found; a server knows only of its own looks. */
function describeLook({ lastLook }: StatusAnswer): string[][] {
  if (lastLook === undefined) return [];
  const { at, sides } = lastLook;
  return [
    ...(sides === undefined ? [] : [['Files here', describeTotal(sides.local)]]),
    ...(sides === undefined ? [] : [['In the bucket', describeTotal(sides.remote)]]),
    ['Last look', at],
  ];
}

function describeTotal({ files, bytes }: TotalOfSides['local']): string {
  return `${formatNumber(files)} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
}

function describeNext({ next: { scanAt, reconcileAt } }: StatusAnswer): string[][] {
  return [
    ...(scanAt === undefined ? [] : [['Next look', `${scanAt} at the files here`]]),
    ...(reconcileAt === undefined ? [] : [['Next run', `${reconcileAt} of both sides`]]),
  ];
}
