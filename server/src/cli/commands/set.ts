import { answers } from '../../commands/contract';
import type { Command } from '../Command';
import { EXIT } from '../exitCodes';
import { findItem } from '../findItem';
import { formatValue } from '../format';

/** `s3-sync set <item> <value>` */
export const set: Command = {
  name: 'set',
  aliases: ['ss-set'],
  summary: 'Change a setting',
  usage: 'set <item> <value>',
  help: `The item can be written as bucket_name, bucket-name or bucketName. A list takes several values, or one with commas.
An empty value ("") goes back to the default. A value that is not right is refused, and nothing is saved.
What is set in config/plugins cannot be changed here.`,
  examples: [
    's3-sync set mode SINGLE',
    's3-sync set aws_region eu-central-1',
    "s3-sync set include 'uploads/**' 'img/**'",
    's3-sync set max_delete.files 50',
    's3-sync set reconcile_cron off',
    's3-sync set prefix ""',
  ],
  words: { min: 2, max: Number.POSITIVE_INFINITY },

  async run({ words: [item = '', ...values] }, { session, output }) {
    const listing = await session.call({ command: 'save', changes: [{ item, words: values }] }, answers.settings);
    const saved = findItem(item, listing.items);
    output.answer(saved, `${saved.item} = ${formatValue(saved.value)}`.trimEnd());
    return EXIT.done;
  },
};
