import { answers, type SettingItem, type SettingsListing } from '../../commands/contract';
import { EXIT } from '../exitCodes';
import { formatTable, formatValue } from '../format';
import type { Command } from '../Command';
import { findItem } from '../findItem';

const SOURCES: Record<SettingItem['source'], string> = {
  config: 'config/plugins',
  database: 'saved',
  default: 'default',
};

/** `s3-sync get <item|all>` */
export const get: Command = {
  name: 'get',
  aliases: ['ss-get'],
  summary: 'Show a setting, or all of them and where they come from',
  usage: 'get <item|all>',
  help: `Prints the value as it was set. The item can be written as bucket_name, bucket-name or bucketName.
With "all", each setting is shown with where it comes from. Keys of the store are never shown.`,
  examples: ['s3-sync get mode', 's3-sync get max_delete.files', 's3-sync get all --json'],
  words: { min: 1, max: 1 },

  async run({ words }, { session, output }) {
    const [typed = ''] = words;
    const listing = await session.call({ command: 'get' }, answers.settings);
    if (typed.toLowerCase() === 'all') {
      output.answer(toDocument(listing), describeAll(listing));
      return EXIT.done;
    }
    const found = findItem(typed, listing.items);
    output.answer(found, formatValue(found.value));
    if (found.value === null) output.note(`${found.item} is not set.`);
    return EXIT.done;
  },
};

function toDocument({ items, credentials, problems }: SettingsListing): unknown {
  return {
    settings: Object.fromEntries(items.map(({ item, value, source }) => [item, { value, source }])),
    credentials,
    problems,
  };
}

function describeAll({ items, credentials, problems }: SettingsListing): string {
  const rows = items.map(({ item, value, source }) => [item, formatValue(value) || '-', SOURCES[source]]);
  const keys = credentials === 'config' ? 'set in config/plugins (never shown)' : 'from the AWS default chain';
  return [formatTable([...rows, ['credentials', keys, '']]), ...problems.map(({ message }) => `! ${message}`)].join(
    '\n',
  );
}
