import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command, Contender } from './Contender';
import { type Job, measured, type Measured } from './Job';

/** A tool that takes longer drops out. */
const LIMIT_SECONDS = 300;

/** What `timeout` exits with. */
const TIMED_OUT = 124;

/** A tool did not end its work in time. */
export class TooSlow extends Error {
  constructor() {
    super(`did not end in ${LIMIT_SECONDS} s`);
  }
}

/**
 * One job by one contender, in a process of its own. The start of the process is left out: scripts time themselves, of
 * other tools the time and CPU of a start that does nothing are taken off.
 *
 * @param idle what a start of the tool takes, from `measureIdle`.
 * @throws TooSlow, or Error where the tool fails, with what it printed.
 */
export async function runContender(contender: Contender, job: Job, idle: Measured): Promise<Measured | undefined> {
  const command = contender.command(job);
  if (command === undefined) return undefined;
  const { usage, stdout } = await runTimed(command);
  if (contender.idle === undefined) {
    const parsed: unknown = JSON.parse(stdout);
    return measured.parse(parsed);
  }
  return {
    seconds: usage.seconds - idle.seconds,
    cpuSeconds: usage.cpuSeconds - idle.cpuSeconds,
    peakMiB: usage.peakMiB,
    idleMiB: idle.peakMiB,
  };
}

/** What a start of the tool takes that does nothing; zeros for a script that times itself. */
export async function measureIdle({ idle }: Contender): Promise<Measured> {
  if (idle === undefined) return { seconds: 0, cpuSeconds: 0, peakMiB: 0, idleMiB: 0 };
  await runTimed(idle);
  return (await runTimed(idle)).usage;
}

/** A command under GNU time, which knows what the process and its children used. */
async function runTimed({ program, args, env }: Command): Promise<{ usage: Measured; stdout: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-time-'));
  const file = path.join(folder, 'usage');
  const { PATH, HOME } = process.env;
  const child = spawn(
    '/usr/bin/time',
    ['-f', '%e %U %S %M', '-o', file, 'timeout', String(LIMIT_SECONDS), program, ...args],
    {
      env: { PATH, HOME, ...env },
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  if (child.exitCode === TIMED_OUT) throw new TooSlow();
  if (child.exitCode !== 0) throw new Error(`${program} ${args.join(' ')} failed.\n${stderr}`);
  const [seconds = NaN, user = NaN, system = NaN, peakKiB = NaN] = (await readFile(file, 'utf8'))
    .split(' ')
    .map(Number);
  await rm(folder, { recursive: true });
  return { usage: { seconds, cpuSeconds: user + system, peakMiB: peakKiB / 1024, idleMiB: 0 }, stdout };
}
