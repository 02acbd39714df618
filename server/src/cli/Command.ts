import type { ParseArgsConfig } from 'node:util';
import type { Output } from './Output';
import type { Session } from './Session';

/** What was typed after the name of a command. */
export interface Typed {
  /** Options by name, in kebab case. */
  options: Record<string, string | boolean | undefined>;
  words: string[];
}

/** What a command works with. */
export interface Context {
  session: Session;
  output: Output;
  /** Aborted when the person gives up. */
  signal: AbortSignal;
}

/** One command of the command line. */
export interface Command {
  name: string;
  aliases?: readonly string[];
  /** One line, for the list of commands. */
  summary: string;
  /** The words after `s3-sync`. */
  usage: string;
  /** Further lines for `--help`: options, what it does. */
  help: string;
  examples: readonly string[];
  options?: NonNullable<ParseArgsConfig['options']>;
  /** How many words it takes. */
  words: { min: number; max: number };
  /** @returns the exit code. */
  run(typed: Typed, context: Context): Promise<number>;
}
