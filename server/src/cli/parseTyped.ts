import { parseArgs } from 'node:util';
import { CommandError } from '../commands/CommandError';
import { nearestName } from '../config/nearestName';
import type { Command, Typed } from './Command';
import { commands } from './commands';

const COMMON = {
  json: { type: 'boolean' },
  verbose: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Options whose value may be the next word. */
const VALUED = new Set(
  commands.flatMap(({ options = {} }) =>
    Object.entries(options).flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`] : [])),
  ),
);

/**
 * Finds the name of the command in all that was typed: options may stand before it, too.
 *
 * @returns the name, `undefined` where there is none, and the rest.
 */
export function splitTyped(args: readonly string[]): { name: string | undefined; rest: string[] } {
  const at = args.findIndex((arg, index) => !arg.startsWith('-') && !VALUED.has(args[index - 1] ?? ''));
  return at === -1 ? { name: undefined, rest: [...args] } : { name: args[at], rest: args.toSpliced(at, 1) };
}

/** @throws {CommandError} for a name that is no command, with the one that was probably meant. */
export function findCommand(typed: string): Command {
  const found = commands.find(({ name, aliases = [] }) => name === typed || aliases.includes(typed));
  if (found) return found;
  const near = nearestName(
    typed,
    commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]),
  );
  throw usage(`There is no command ${typed.slice(0, 64)}.${near === undefined ? '' : ` Did you mean ${near}?`}`, '');
}

/**
 * Reads what was typed without a command, or after `help`.
 *
 * @throws {CommandError} for an unknown option.
 */
export function parseCommon(args: readonly string[]): Typed {
  return toTyped(parse({ name: '', usage: '<command> [options]', options: {} }, args));
}

/**
 * Reads what was typed beside the name of a command.
 *
 * @throws {CommandError} for an unknown option, a missing value, too few or too many words.
 */
export function parseTyped(command: Command, args: readonly string[]): Typed {
  const typed = toTyped(parse(command, args));
  const count = typed.words.length;
  const { min, max } = command.words;
  if (typed.options.help !== true && (count < min || count > max)) {
    const what = count < min ? 'Something is missing' : 'There are too many words';
    throw usage(`${what}. Usage: s3-sync ${command.usage}`, command.name);
  }
  return typed;
}

function toTyped({ values, positionals }: ReturnType<typeof parse>): Typed {
  const options: Typed['options'] = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]),
  );
  return { options, words: positionals };
}

function parse(command: Pick<Command, 'name' | 'usage' | 'options'>, args: readonly string[]) {
  const options = { ...COMMON, ...command.options };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const unknown = /'(-[^']*)'/.exec(error instanceof Error ? error.message : '')?.[1] ?? '';
    const name = unknown.replace(/^-+/, '').split(/[ =]/)[0] ?? '';
    const near = nearestName(name, Object.keys(options));
    const isKnown = Object.keys(options).includes(name);
    const message = isKnown
      ? `The option --${name} is not right here. Usage: s3-sync ${command.usage}`
      : `There is no option ${unknown}.${near === undefined ? '' : ` Did you mean --${near}?`}`;
    throw usage(message, command.name);
  }
}

function usage(message: string, command: string): CommandError {
  const name = command === '' ? '' : `${command} `;
  return new CommandError({ code: 'USAGE', message, fix: `See: s3-sync ${name}--help` });
}
