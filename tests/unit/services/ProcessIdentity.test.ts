import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { DEAD_AFTER_MS, identifyProcess, isAlive, isGone } from '../../../server/src/services/ProcessIdentity';

const self = identifyProcess();
/** Another process in the same space of process ids, as on one machine without containers. */
const [space = '', startedAt = ''] = self.bootId.split('.');
const sibling = (pid: number, started = startedAt) => ({ ...self, pid, bootId: `${space}.${started}.other` });
const now = 1_700_000_000_000;
const justNow = new Date(now - 1_000);
const longAgo = new Date(now - DEAD_AFTER_MS - 1);
/** What this process's parent would say of itself. */
function identityOfParent() {
  const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
  return sibling(process.ppid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}
/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ['--version']).pid;

describe('a process that wrote a row', () => {
  test('is this one', () => {
    expect(isAlive({ ...self, heartbeatAt: longAgo }, self, now)).toBe(true);
  });

  test('had the same process id in an earlier start: dead', () => {
    expect(isAlive({ ...sibling(self.pid, '1'), heartbeatAt: justNow }, self, now)).toBe(false);
  });

  test('was killed on this host: dead at once', () => {
    expect(isAlive({ ...sibling(gone), heartbeatAt: justNow }, self, now)).toBe(false);
  });

  test('runs on this host: alive while its heartbeat goes on', () => {
    const other = identityOfParent();
    expect(isAlive({ ...other, heartbeatAt: justNow }, self, now)).toBe(true);
    expect(isAlive({ ...other, heartbeatAt: longAgo }, self, now)).toBe(false);
  });

  test('runs on another host: alive while its heartbeat goes on', () => {
    const other = { host: 'another-host', bootId: 'other', pid: self.pid };
    expect(isAlive({ ...other, heartbeatAt: justNow }, self, now)).toBe(true);
    expect(isAlive({ ...other, heartbeatAt: longAgo }, self, now)).toBe(false);
  });

  test('had a process id that another process has by now: dead at once', () => {
    expect(isAlive({ ...sibling(process.ppid, '1'), heartbeatAt: justNow }, self, now)).toBe(false);
  });

  test.each([
    ['in a container that has the same host name', { ...self, pid: gone, bootId: `another-space.${startedAt}.other` }],
    ['in such a container, with the same process id', { ...self, bootId: `another-space.${startedAt}.other` }],
    ['on a system that tells nothing of its processes', { ...self, pid: gone, bootId: 'other' }],
  ])('runs %s: alive while its heartbeat goes on', (_where, other) => {
    expect(isGone(other, self)).toBe(false);
    expect(isAlive({ ...other, heartbeatAt: justNow }, self, now)).toBe(true);
    expect(isAlive({ ...other, heartbeatAt: longAgo }, self, now)).toBe(false);
  });
});
