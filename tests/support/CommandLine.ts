import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';

/** A command that takes so long hangs, on whatever machine. */
const GIVE_UP_MS = 100_000;

/** How a command ended, and what it printed. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Working folder; the project's by default. */
  cwd?: string;
  env?: Record<string, string>;
  /** Called with each piece of stderr, for example to send a signal. */
  onStderr?: (text: string, child: ChildProcess) => void;
  /** A program to run instead of Node, such as `script`, with the words before those of the command. */
  through?: (command: string) => [program: string, args: string[]];
  input?: string;
}

/** For `onStderr`: acts once, when the command has said this. A second signal, for example, would be another wish. */
export function whenSaid(
  said: RegExp,
  act: (child: ChildProcess) => void,
): (text: string, child: ChildProcess) => void {
  let all = '';
  let isDone = false;
  return (text, child) => {
    all += text;
    if (isDone || !said.test(all)) return;
    isDone = true;
    act(child);
  };
}

/** The packed plugin's bin in a project, each command in a process of its own. */
export class CommandLine {
  /** @param appDir the project's folder, with the plugin in its node_modules. */
  constructor(readonly appDir: string) {}

  get bin(): string {
    return path.join(this.appDir, 'node_modules', '.bin', 's3-sync');
  }

  async run(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const [program, words] = options.through?.([this.bin, ...args].join(' ')) ?? [this.bin, [...args]];
    const child = spawn(program, words, {
      cwd: options.cwd ?? this.appDir,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TMPDIR: process.env.TMPDIR,
        NODE_ENV: 'production',
        STRAPI_TELEMETRY_DISABLED: 'true',
        // Strapi lies one folder up, at its real path: from there Node does not look into the app's node_modules.
        NODE_PATH: path.join(this.appDir, 'node_modules'),
        ...options.env,
      },
      stdio: 'pipe',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      options.onStderr?.(chunk.toString(), child);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input);
    const timer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS);
    const [code] = z.tuple([z.number().nullable(), z.unknown()]).parse(await once(child, 'close'));
    clearTimeout(timer);
    return { code, stdout, stderr };
  }

  /** Runs a command with `--json` and reads the one document it prints. Fails where there is anything else on stdout. */
  async json(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult & { document: unknown }> {
    const result = await this.run([...args, '--json'], options);
    const document: unknown = JSON.parse(result.stdout);
    return { ...result, document };
  }
}
