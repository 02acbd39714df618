import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { version as clientVersion } from 's3-sync-client/package.json';
import { Ceph, isCephInstalled } from '../tests/support/Ceph';
import { cephStore } from '../tests/support/stores';
import { contenders } from './Contender';
import { describeResults } from './describeResults';
import { runWorkload } from './runWorkload';
import { workloads } from './workloads';

const { values } = parseArgs({
  options: {
    /** Ids of workloads, with commas between; all of them if absent. */
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** The sizes of the smaller and of the larger tree. */
    small: { type: 'string', default: '10000' },
    many: { type: 'string', default: '100000' },
    /** Names of tools to leave out, with commas between. */
    without: { type: 'string', default: '' },
    /** Where the tables are written to, besides the terminal. */
    out: { type: 'string' },
  },
});

/** The machine, the versions and the command, for whoever wants to compare. */
async function describeMachine(): Promise<string> {
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
    `Store: ${ceph.trim().replace(/ \(.*/, '')} on loopback, everything in memory.`,
    `Versions: ${versions.join(', ')}.`,
    `Command: npm run bench -- ${process.argv.slice(2).join(' ')}`,
    '',
  ].join('\n');
}

async function main(): Promise<void> {
  if (!isCephInstalled())
    throw new Error('Ceph is needed: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd');
  const folder = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-ceph-'));
  const ceph = await Ceph.in(folder);
  await ceph.run('start');
  process.env.S3_SYNC_CEPH_ENDPOINT = ceph.endpoint;
  const store = cephStore();
  if (store === undefined) throw new Error('Ceph did not start.');
  const texts = [await describeMachine()];
  process.stdout.write(texts.join('\n'));
  const only = values.only?.split(',');
  const left = values.without.split(',');
  const takePart = contenders.filter(({ name }) => !left.includes(name));
  try {
    for (const workload of workloads(Number(values.small), Number(values.many))) {
      if (only !== undefined && !only.includes(workload.id)) continue;
      const text = describeResults(workload, await runWorkload(workload, takePart, store, Number(values.rounds)));
      process.stdout.write(`\n${text}`);
      texts.push(text);
    }
  } finally {
    await ceph.run('stop');
    await rm(folder, { recursive: true, force: true });
  }
  if (values.out !== undefined) await writeFile(values.out, texts.join('\n'));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
