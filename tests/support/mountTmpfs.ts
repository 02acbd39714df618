import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** A file system in memory, mounted over a folder. */
export interface Mounted {
  unmount(): void;
}

/** Declares a test that mounts file systems; where this process may not, it is skipped and says so. */
export function testWithMounts(name: string, work: () => Promise<void>): void {
  if (canMount()) test(name, work);
  else test.skip(`${name} (needs root, in a container with CAP_SYS_ADMIN)`, work);
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Mounts a file system in memory over a folder, which is made if need be.
 * @param options of `mount -o`, such as `size=1m`.
 * @throws Error where this process may not.
 */
export function mountTmpfs(folder: string, options = 'size=64m'): Mounted {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
  return {
    unmount: () => {
      execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
    },
  };
}
