import { CommandError } from '../../commands/CommandError';
import { answers } from '../../commands/contract';
import type { Command, Context } from '../Command';
import { EXIT } from '../exitCodes';
import { formatBytes, formatTable } from '../format';
import { readCount } from '../readCount';

const DEFAULT_LIMIT = 50;

/** `s3-sync trash list|restore` */
export const trash: Command = {
  name: 'trash',
  summary: 'Show what syncs took away here, or put a file back',
  usage: 'trash list [--limit=<number>] | trash restore <id>',
  help: `Whatever a sync overwrites or deletes in the directory of a server goes to the trash of that server first.
A file that is put back takes its place again; what stands there goes to the trash.

Options:
  --limit=<number>   how many files, the newest first (50)`,
  examples: ['s3-sync trash list', 's3-sync trash restore 001700000000000-0123456789ab'],
  options: { limit: { type: 'string' } },
  words: { min: 1, max: 2 },

  async run({ words: [action = '', id, ...rest], options }, context) {
    if (action === 'list' && id === undefined)
      return list(readCount('limit', options.limit, DEFAULT_LIMIT, 10_000), context);
    if (action === 'restore' && id !== undefined && rest.length === 0) return restore(id, context);
    throw new CommandError({ code: 'USAGE', message: `Not understood. Usage: s3-sync ${trash.usage}`, fix: '' });
  },
};

async function list(pageSize: number, { session, output }: Context): Promise<number> {
  const found = await session.call({ command: 'trash-list', page: 1, pageSize }, answers.trash);
  const rows = found.results.map(({ id, key, at, size, why }) => [
    id,
    new Date(at).toISOString(),
    why,
    formatBytes(size),
    key,
  ]);
  output.answer(found, rows.length === 0 ? 'The trash of this server is empty.' : formatTable(rows));
  return EXIT.done;
}

async function restore(id: string, { session, output }: Context): Promise<number> {
  const restored = await session.call({ command: 'trash-restore', id }, answers.restored);
  output.answer(restored, `${restored.key} is back.`);
  return EXIT.done;
}
