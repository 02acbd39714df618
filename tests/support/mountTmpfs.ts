import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** A file system in memory, mounted over a folder. */
export interface Mounted {
  unmount(): void;
}

/** Declares a test that mounts file systems; where this process may not, it says so and tries nothing. */
export function testWithMounts(name: string, work: () => Promise<void>): void {
  test(name, async () => {
    if (canMount()) await work();
    else process.stderr.write(`SKIPPED ${name}: it needs root, in a container with CAP_SYS_ADMIN.\n`);
  });
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
