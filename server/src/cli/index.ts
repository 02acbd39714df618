import { version } from '../../../package.json';
import { CommandError } from '../commands/CommandError';
import { describeAll, describeCommand } from './help';
import { EXIT, exitCodeOfError } from './exitCodes';
import { findProject } from './findProject';
import { Output } from './Output';
import { findCommand, parseCommon, parseTyped, splitTyped } from './parseTyped';
import { Session } from './Session';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals that come so soon after each other, in ms, are one press of a key. */
const SAME_KEY_MS = 500;

/**
 * The command line.
 *
 * @param args what was typed after `s3-sync`.
 * @returns the exit code.
 */
export async function run(args: readonly string[]): Promise<number> {
  // `s3-sync runs | head` closes the pipe early, which is no error.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const output = new Output({ json: args.includes('--json'), verbose: args.includes('--verbose') });
  const giveUp = new AbortController();
  let askedAt = 0;
  const ends = SIGNALS.map((signal) => {
    const listener = (): void => {
      // Whoever asks twice does not want to wait for a clean end. npx passes on what the terminal has sent already.
      if (giveUp.signal.aborted && Date.now() - askedAt > SAME_KEY_MS) process.exit(EXIT.cancelled);
      if (!giveUp.signal.aborted) askedAt = Date.now();
      giveUp.abort();
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  try {
    return await runCommand(args, output, giveUp.signal);
  } catch (error) {
    return tellError(error, output);
  } finally {
    await output.flush();
    for (const end of ends) end();
  }
}

async function runCommand(args: readonly string[], output: Output, signal: AbortSignal): Promise<number> {
  const { name, rest } = splitTyped(args);
  if (rest.includes('--version')) {
    output.answer({ version }, version);
    return EXIT.done;
  }
  if (name === undefined || name === 'help') {
    const { options, words } = parseCommon(rest);
    const text = words[0] === undefined ? describeAll() : describeCommand(findCommand(words[0]));
    output.answer({ help: text }, text);
    return name === 'help' || options.help === true ? EXIT.done : EXIT.usage;
  }
  const command = findCommand(name);
  const typed = parseTyped(command, rest);
  if (typed.options.help === true) {
    const text = describeCommand(command);
    output.answer({ help: text }, text);
    return EXIT.done;
  }
  const session = new Session(findProject(process.cwd()), version, output, signal);
  try {
    return await command.run(typed, { session, output, signal });
  } finally {
    await session.close();
  }
}

/** Message, cause and fix go to stderr; with `--json` the document on stdout holds them too. */
function tellError(error: unknown, output: Output): number {
  const { code, message, fix } = toFailure(error);
  output.note(`Error: ${message}${fix === '' ? '' : `\n${fix}`}`);
  output.answer({ error: { code, message, fix } }, '');
  return exitCodeOfError(code);
}

function toFailure(error: unknown): { code: string; message: string; fix: string } {
  if (error instanceof CommandError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message: `Something unexpected happened: ${message}`, fix: 'Please report it.' };
}
