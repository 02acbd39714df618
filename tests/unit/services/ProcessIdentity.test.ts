import { spawnSync } from 'node:child_process';
import { DEAD_AFTER_MS, identifyProcess, isAlive } from '../../../server/src/services/ProcessIdentity';

const self = identifyProcess();
const now = 1_700_000_000_000;
const justNow = new Date(now - 1_000);
const longAgo = new Date(now - DEAD_AFTER_MS - 1);
/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ['--version']).pid;

describe('a process that wrote a row', () => {
  test('is this one', () => {
    expect(isAlive({ ...self, heartbeatAt: longAgo }, self, now)).toBe(true);
  });

  test('had the same process id in an earlier start: dead', () => {
    expect(isAlive({ ...self, bootId: 'earlier', heartbeatAt: justNow }, self, now)).toBe(false);
  });

  test('was killed on this host: dead at once', () => {
    expect(isAlive({ ...self, bootId: 'other', pid: gone, heartbeatAt: justNow }, self, now)).toBe(false);
  });

  test('runs on this host: alive while its heartbeat goes on', () => {
    const other = { ...self, bootId: 'other', pid: process.ppid };
    expect(isAlive({ ...other, heartbeatAt: justNow }, self, now)).toBe(true);
    expect(isAlive({ ...other, heartbeatAt: longAgo }, self, now)).toBe(false);
  });

  test('runs on another host: alive while its heartbeat goes on', () => {
    const other = { host: 'another-host', bootId: 'other', pid: self.pid };
    expect(isAlive({ ...other, heartbeatAt: justNow }, self, now)).toBe(true);
    expect(isAlive({ ...other, heartbeatAt: longAgo }, self, now)).toBe(false);
  });
});
