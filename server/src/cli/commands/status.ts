import { answers } from '../../commands/contract';
import type { Command } from '../Command';
import { EXIT } from '../exitCodes';
import { formatTable } from '../format';
import { describeRun } from '../SyncReporter';

/** `s3-sync status` */
export const status: Command = {
  name: 'status',
  summary: 'Show what goes on, the last run, and what keeps files from being synced',
  usage: 'status',
  help: '',
  examples: ['s3-sync status', 's3-sync status --json | jq .lastRun.status'],
  words: { min: 0, max: 0 },

  async run(_typed, { session, output }) {
    const found = await session.call({ command: 'status' }, answers.status);
    const { server } = session;
    const rows = [
      ['Server', server ? `running (${server.host}, process ${server.pid})` : 'not running on this machine'],
      ['Now', found.running ? `run ${found.running.id} (${found.running.trigger}) goes on` : 'nothing goes on'],
      [
        'Last run',
        found.lastRun ? `${found.lastRun.endedAt ?? ''} ${describeRun(found.lastRun, false)}`.trim() : 'none',
      ],
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
