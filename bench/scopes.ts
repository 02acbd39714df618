import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { SyncScope } from '../server/src/sync/SyncOptions';
import type { Store } from '../tests/support/stores';
import { contenders } from './Contender';
import type { Job } from './Job';
import { medianOf } from './medianOf';
import { Report } from './Report';
import { measureIdle, runContender } from './runContender';
import { runEngine } from './runEngine';
import { runMain, withCeph } from './withCeph';
import { fileAt, writeFiles } from './writeTree';

const { values } = parseArgs({
  options: {
    /** Sizes of the tree, ascending, with commas between. */
    files: { type: 'string', default: '10000,100000' },
    rounds: { type: 'string', default: '5' },
    out: { type: 'string' },
  },
});

const BYTES = 8 * 1024;
/** A picture and its four formats. */
const FILES_OF_AN_EVENT = 5;
const EVENTS = 20;

/** What a run took, and what it asked of the store. */
interface Taken {
  ms: number;
  requests: Record<string, number>;
}

async function timed(job: Job, scope: SyncScope): Promise<Taken> {
  const begun = performance.now();
  const { requests } = await runEngine(job, scope);
  return { ms: performance.now() - begun, requests };
}

const describe = (taken: readonly Taken[]): string => {
  const ms = taken.map((one) => one.ms);
  const requests = JSON.stringify(taken.at(-1)?.requests ?? {}).replaceAll('"', '');
  return `${medianOf(ms).toFixed(0)} | ${Math.max(...ms).toFixed(0)} | ${requests === '{}' ? 'none' : requests}`;
};

/** Saves of a picture, one after the other: their five files change, and their keys are synced by name. */
async function mediaEvents(job: Job): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (let event = 0; event < EVENTS; event += 1) {
    const from = event * FILES_OF_AN_EVENT;
    await writeFiles(job.directory, from, from + FILES_OF_AN_EVENT, BYTES);
    const keys = Array.from({ length: FILES_OF_AN_EVENT }, (_, index) =>
      path.relative(job.directory, fileAt(job.directory, from + index)),
    );
    taken.push(await timed(job, { kind: 'keys', keys }));
  }
  return taken;
}

async function times(count: number, work: () => Promise<Taken>): Promise<Taken[]> {
  const taken: Taken[] = [];
  for (let round = 0; round < count; round += 1) taken.push(await work());
  return taken;
}

async function measureSizes(store: Store, directory: string, report: Report): Promise<void> {
  const rounds = Number(values.rounds);
  const { endpoint, credentials } = store;
  const job: Job = { directory, bucket: await store.createBucket(), endpoint, credentials, direction: 'up' };
  const lines = ['| | median, ms | longest, ms | requests |', '|---|---|---|---|'];
  let written = 0;
  const ratios: string[] = [];
  for (const count of values.files.split(',').map(Number)) {
    await writeFiles(directory, written, count, BYTES);
    written = count;
    await runEngine(job, { kind: 'whole' });
    const among = `among ${count.toLocaleString('en')} files`;
    lines.push(
      `| media event of ${FILES_OF_AN_EVENT} files ${among} (${EVENTS} of them) | ${describe(await mediaEvents(job))} |`,
    );
    // The files of the last events were so fresh that the next walk reads them once more.
    await timed(job, { kind: 'local' });
    const save = await times(rounds, () => timed(job, { kind: 'local' }));
    lines.push(`| save that changed no file ${among} | ${describe(save)} |`);
    const whole = await times(rounds, () => timed(job, { kind: 'whole' }));
    lines.push(`| whole reconcile, nothing changed, ${among} | ${describe(whole)} |`);
    for (const contender of contenders) {
      if (contender.name !== 'rclone') continue;
      const idle = await measureIdle(contender);
      const rclone = await times(rounds, async () => {
        const measured = await runContender(contender, job, idle);
        return { ms: (measured?.seconds ?? NaN) * 1000, requests: {} };
      });
      lines.push(
        `| rclone sync, nothing changed, ${among}, without its start | ${describe(rclone).replace('none', 'not counted')} |`,
      );
      const times10 = medianOf(rclone.map(({ ms }) => ms)) / medianOf(save.map(({ ms }) => ms));
      ratios.push(
        `A save that changed no file ${among} takes 1/${times10.toFixed(1)} of what rclone takes to see the same.`,
      );
    }
  }
  await report.add([...lines, '', ...ratios, ''].join('\n'));
}

/** From the event to the last answer, without the queue of the server: media files skip its coalescing. */
runMain(() =>
  withCeph(async (store) => {
    const report = await Report.begin(values.out, 'bench:scopes');
    const directory = await mkdtemp(path.join(tmpdir(), 's3-sync-bench-'));
    try {
      await measureSizes(store, directory, report);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }),
);
