import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** Which process wrote a row. */
export interface ProcessIdentity {
  host: string;
  pid: number;
  /** Random, new at each start: a process id is soon used again, and in a container it is always the same. */
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
  return { host: hostname(), pid: process.pid, bootId: randomUUID() };
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

/** Whether a process was of this host and surely runs no more. */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  if (other.host !== self.host || other.bootId === self.bootId) return false;
  // The same process id in another boot: that one is gone, and this process has its number.
  return other.pid === self.pid || !hasProcess(other.pid);
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
