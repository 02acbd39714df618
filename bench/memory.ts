/** What the engine needs of memory for a whole reconcile of very many keys, all unchanged. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { measured, type Job, type Measured } from './Job';
import { Report } from './Report';
import { runMain } from './withCeph';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    /** Numbers of folders that they are spread over, with commas between. */
    folders: { type: 'string', default: '1000,1' },
    out: { type: 'string' },
  },
});

async function measure(total: number, folders: number): Promise<Measured> {
  const directory = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-'));
  const lister = fork(path.join(__dirname, 'million/lister.ts'), [String(total), String(folders)], {
    execArgv: ['--import', 'tsx'],
  });
  try {
    const [{ port }] = z
      .tuple([z.object({ port: z.number() })])
      .rest(z.unknown())
      .parse(await once(lister, 'message'));
    const job: Job = {
      directory,
      bucket: 'bench',
      endpoint: `http://127.0.0.1:${port}`,
      credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
      direction: 'up',
    };
    const node = async (script: string, ...args: string[]): Promise<string> => {
      const file = path.join(__dirname, script);
      const all = ['--expose-gc', '--import', 'tsx', file, ...args];
      return (await promisify(execFile)(process.execPath, all)).stdout;
    };
    await node('million/prepare.ts', JSON.stringify(job), String(total), String(folders));
    const parsed: unknown = JSON.parse(await node('contenders/s3Sync.ts', JSON.stringify(job)));
    return measured.parse(parsed);
  } finally {
    lister.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

runMain(async () => {
  const report = await Report.begin(values.out, 'bench:memory');
  const total = Number(values.keys);
  const lines = [
    '| Whole reconcile, nothing changed | time, s | CPU, s | idle, MiB | peak, MiB | above idle, MiB |',
    '|---|---|---|---|---|---|',
  ];
  for (const folders of values.folders.split(',').map(Number)) {
    const { seconds, cpuSeconds, idleMiB, peakMiB } = await measure(total, folders);
    const where = folders === 1 ? 'one folder' : `${folders.toLocaleString('en')} folders`;
    const cells = [
      seconds.toFixed(1),
      cpuSeconds.toFixed(1),
      ...[idleMiB, peakMiB, peakMiB - idleMiB].map((mib) => mib.toFixed(0)),
    ];
    lines.push(`| ${total.toLocaleString('en')} keys in ${where} | ${cells.join(' | ')} |`);
  }
  await report.add([...lines, ''].join('\n'));
});
