import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { CommandError } from '../../commands/CommandError';
import { answers, type SettingItem } from '../../commands/contract';
import type { Command, Context, Typed } from '../Command';
import { EXIT } from '../exitCodes';
import { formatTable, formatValue } from '../format';

/** What a sync cannot do without. */
const REQUIRED = [
  { item: 'bucket_name', option: 'bucket-name', question: "The bucket's name" },
  { item: 'aws_region', option: 'aws-region', question: 'Its region, such as us-west-2' },
  { item: 'mode', option: 'mode', question: 'The mode, SINGLE (one server) or MULTI (several)' },
] as const;

/** What a store other than AWS needs beside it. */
const OPTIONAL = [
  { item: 'prefix', option: 'prefix' },
  { item: 'endpoint', option: 'endpoint' },
  { item: 'force_path_style', option: 'force-path-style' },
] as const;

const NEXT_STEP = 'Try the connection with: s3-sync test';

interface Change {
  item: string;
  words: string[];
}

/** `s3-sync init --bucket-name= --aws-region= --mode=` */
export const init: Command = {
  name: 'init',
  aliases: ['ss-init'],
  summary: 'Set the bucket, its region and the mode',
  usage: 'init --bucket-name=<name> --aws-region=<region> --mode=<SINGLE|MULTI>',
  help: `Options:
  --bucket-name=<name>    the bucket's name; no ARN, no URL
  --aws-region=<region>   such as us-west-2
  --mode=<mode>           SINGLE: one server, the bucket is made the same as its files
                          MULTI: several servers, files of each reach all others
  --prefix=<prefix>       only this folder of the bucket
  --endpoint=<url>        another store that speaks S3
  --force-path-style      put the bucket's name in the path, as many other stores need it

On a terminal it asks for what is missing. All is saved together, or nothing. An option without a value counts as
missing; to go back to the default of a setting: s3-sync set prefix ""`,
  examples: [
    's3-sync init --bucket-name=my-bucket --aws-region=us-west-2 --mode=SINGLE',
    's3-sync init --bucket-name=my-bucket --aws-region=garage --mode=MULTI --endpoint=https://s3.example.com --force-path-style',
  ],
  options: {
    'bucket-name': { type: 'string' },
    'aws-region': { type: 'string' },
    mode: { type: 'string' },
    prefix: { type: 'string' },
    endpoint: { type: 'string' },
    'force-path-style': { type: 'boolean' },
  },
  words: { min: 0, max: 0 },

  async run({ options }, context) {
    const { session, output } = context;
    const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
    const empty = OPTIONAL.filter(({ option }) => options[option] !== undefined && isEmpty(options[option]));
    const absent = REQUIRED.filter(({ option }) => isEmpty(options[option]));
    if (!isTerminal && absent.length === REQUIRED.length) throw missing([...absent, ...empty]);
    const { items } = await session.call({ command: 'get' }, answers.settings);
    const open = absent.filter(({ item }) => !isLocked(items, item));
    if (empty.length > 0 || (open.length > 0 && !isTerminal)) throw missing([...open, ...empty]);
    const asked = open.length > 0 ? await ask(open, items, context) : [];
    const changes = [...readChanges(options), ...asked];
    const listing =
      changes.length === 0
        ? await session.call({ command: 'get' }, answers.settings)
        : await session.call({ command: 'save', changes }, answers.settings);
    const shown = [...REQUIRED, ...OPTIONAL].flatMap(({ item }) =>
      listing.items.filter((known) => known.item === item && known.value !== null && known.value !== ''),
    );
    const document = Object.fromEntries(shown.map(({ item, value, source }) => [item, { value, source }]));
    output.answer({ settings: document }, formatTable(shown.map(({ item, value }) => [item, formatValue(value)])));
    const isSaved = !isDeepStrictEqual(listing.items, items);
    output.note(`${isSaved ? 'Saved.' : 'Nothing was to be saved: it is set so already.'} ${NEXT_STEP}`);
    return EXIT.done;
  },
};

function readChanges(options: Typed['options']): Change[] {
  return [...REQUIRED, ...OPTIONAL].flatMap(({ item, option }): Change[] => {
    const value = options[option];
    return isEmpty(value) ? [] : [{ item, words: [String(value)] }];
  });
}

/** `--mode="$MODE"` with a variable that is not set is no wish to clear the setting. */
function isEmpty(value: string | boolean | undefined): boolean {
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

function isLocked(items: readonly SettingItem[], item: string): boolean {
  return items.some((known) => known.item === item && known.source === 'config');
}

/** Asks on the terminal; an empty answer takes what is set now. */
async function ask(
  open: readonly (typeof REQUIRED)[number][],
  items: readonly SettingItem[],
  { output, signal }: Context,
): Promise<Change[]> {
  // The terminal's own line editing will do; so Ctrl-C comes as the signal that it is.
  const terminal = createInterface({ input: process.stdin, terminal: false });
  signal.addEventListener('abort', () => {
    terminal.close();
  });
  const lines = terminal[Symbol.asyncIterator]();
  try {
    const changes: Change[] = [];
    for (const required of open) {
      const now = formatValue(items.find(({ item }) => item === required.item)?.value);
      output.draw(`${required.question}${now === '' ? '' : ` [${now}]`}: `);
      const line = await lines.next();
      if (signal.aborted) throw cancelled();
      const typed = line.done === true ? '' : line.value.trim();
      const value = typed === '' ? now : typed;
      if (value === '') throw missing([required]);
      changes.push({ item: required.item, words: [value] });
    }
    return changes;
  } finally {
    terminal.close();
  }
}

function cancelled(): CommandError {
  return new CommandError({ code: 'CANCELLED', message: 'Cancelled. Nothing was saved.', fix: '' });
}

function missing(open: readonly { option: string }[]): CommandError {
  const names = open.map(({ option }) => `--${option}`);
  return new CommandError({
    code: 'USAGE',
    message: `Missing: ${names.join(', ')}. Nothing was saved.`,
    fix: `Give ${names.length === 1 ? 'it' : 'them'}: s3-sync ${init.usage}`,
  });
}
