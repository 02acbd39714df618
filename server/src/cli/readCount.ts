import { CommandError } from '../commands/CommandError';

/**
 * Reads an option that is a count.
 *
 * @throws {CommandError} where it is no whole number from 1 to `max`.
 */
export function readCount(name: string, typed: string | boolean | undefined, fallback: number, max: number): number {
  if (typed === undefined) return fallback;
  const count = Number(typed);
  if (typeof typed === 'string' && /^\d+$/.test(typed) && count >= 1 && count <= max) return count;
  throw new CommandError({ code: 'USAGE', message: `--${name} is a whole number from 1 to ${max}.`, fix: '' });
}
