import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process wrote a row. */
export interface ProcessIdentity {
  host: string;
  pid: number;
  /**
   * New at each start: a process id is soon used again, and in a container it is always the same. A random part, and
   * before it, where the system tells, in which space its process id counts and when it started.
   */
  bootId: string;
}

/** The same, with the time of its last sign of life. */
export interface SeenProcess extends ProcessIdentity {
  heartbeatAt: Date;
}

/** Without a sign of life for so long, in ms, a process counts as dead. Heartbeats come every 10 s. */
export const DEAD_AFTER_MS = 60_000;
export const HEARTBEAT_MS = 10_000;

/** The identity of this process. */
export function identifyProcess(): ProcessIdentity {
  const space = readProcessSpace();
  const startedAt = readStartTime(process.pid);
  const id = randomUUID();
  const bootId = space === undefined || startedAt === undefined ? id : [space, startedAt, id].join('.');
  return { host: hostname(), pid: process.pid, bootId };
}

/**
 * Whether a process that wrote a row still runs, as far as can be known from here.
 *
 * @param nowMs time of the clock by which the heartbeats are dated.
 */
export function isAlive(seen: SeenProcess, self: ProcessIdentity, nowMs: number): boolean {
  if (seen.bootId === self.bootId) return true;
  return nowMs - seen.heartbeatAt.getTime() <= DEAD_AFTER_MS && !isGone(seen, self);
}

/**
 * Whether a process surely runs no more. That is known only of one whose process id counts in the same space as ours:
 * containers may share a host name and have spaces of their own, and an id that is free here may be taken there.
 */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host || other.bootId === self.bootId) return false;
  const [space, startedAt, id] = other.bootId.split('.');
  if (id === undefined || space !== self.bootId.split('.')[0]) return false;
  if (other.pid === self.pid || !hasProcess(other.pid)) return true;
  // Another process has its number by now.
  return readStartTime(other.pid) !== startedAt;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @returns a name for the space in which process ids count here: the boot of the machine, and the pid namespace. */
function readProcessSpace(): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    return createHash('sha256').update(`${boot} ${namespace}`).digest('hex').slice(0, 16);
  } catch {
    // Not Linux, or a Linux that does not tell: then a heartbeat has to end.
    return undefined;
  }
}

/** @returns when a process started, in ticks since the boot of the machine; field 22 of proc_pid_stat(5). */
function readStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program comes second, in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
