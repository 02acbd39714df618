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
 * Reads what was typed after the name of a command.
 *
 * @throws {CommandError} for an unknown option, a missing value, too few or too many words.
 */
export function parseTyped(command: Command, args: readonly string[]): Typed {
  const { values, positionals } = parse(command, args);
  const options = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]),
  );
  const { min, max } = command.words;
  if (options.help !== true && (positionals.length < min || positionals.length > max)) {
    const what = positionals.length < min ? 'Something is missing' : 'There are too many words';
    throw usage(`${what}. Usage: s3-sync ${command.usage}`, command.name);
  }
  return { options, words: positionals };
}

function parse(command: Command, args: readonly string[]) {
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
