import { answers } from '../../commands/contract';
import type { ConnectionTest } from '../../sync/bucket/testConnection';
import type { Command } from '../Command';
import { EXIT } from '../exitCodes';
import { formatTable } from '../format';

/** `s3-sync test` */
export const test: Command = {
  name: 'test',
  summary: 'Try the connection: list, put, get, delete',
  usage: 'test',
  help: 'Works on an object of its own, .s3-sync/test-<id> below the prefix, and deletes it again.',
  examples: ['s3-sync test'],
  words: { min: 0, max: 0 },

  async run(_typed, { session, output }) {
    const found = await session.call({ command: 'test' }, answers.test);
    output.answer(found, describe(found));
    for (const { error } of found.checks) if (error) output.note(`${error.message} ${error.fix} (${error.code})`);
    return found.ok ? EXIT.done : EXIT.error;
  },
};

function describe({ checks, conditions, region, versioning, readableByAnyone, ok }: ConnectionTest): string {
  const rows = checks.map(({ step, status }) => [step, status]);
  const lines = [formatTable(rows)];
  if (region !== undefined) lines.push(`The bucket is in ${region}: s3-sync set aws_region ${region}`);
  if (conditions) {
    const lacking = [
      ...(conditions.putIfAbsent ? [] : ['new objects']),
      ...(conditions.putIfMatch ? [] : ['changed objects']),
      ...(conditions.deleteIfMatch ? [] : ['deletes']),
    ];
    lines.push(
      lacking.length === 0
        ? 'The store honours all conditions of writes.'
        : `The store has no conditions for ${lacking.join(', ')}: there, MULTI mode looks right before it writes.`,
    );
  }
  if (versioning !== undefined) lines.push(`Versioning of the bucket is ${versioning}.`);
  if (readableByAnyone === true) lines.push('Anyone can read the files below this prefix, without credentials.');
  lines.push(ok ? 'The connection works.' : 'The connection does not work.');
  return lines.join('\n');
}
