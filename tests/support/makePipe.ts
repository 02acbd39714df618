import { execFileSync } from 'node:child_process';

/** Makes a named pipe: whoever opens it without care waits for a writer. */
export function makePipe(path: string): void {
  execFileSync('mkfifo', [path]);
}
