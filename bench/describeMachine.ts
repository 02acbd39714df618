import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { version as clientVersion } from 's3-sync-client/package.json';
import { contenders } from './Contender';

/** The machine and the versions, for whoever wants to compare; Markdown. */
export async function describeMachine(): Promise<string> {
  const versions = [`Node ${process.version}`, `s3-sync-client ${clientVersion}`];
  for (const { version } of contenders) {
    if (version === undefined) continue;
    const { stdout } = await promisify(execFile)(version.program, version.args);
    versions.push(stdout.split('\n')[0]?.trim() ?? '');
  }
  const { stdout: ceph } = await promisify(execFile)('radosgw', ['--version']);
  const [cpu] = cpus();
  return [
    `Machine: ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}.`,
    '',
    `Store: ${ceph.trim().replace(/ \(.*/, '')} on loopback, everything in memory.`,
    '',
    `Versions: ${versions.join(', ')}.`,
    '',
  ].join('\n');
}
