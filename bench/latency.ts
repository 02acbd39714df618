/** What visitors of a site notice of a first upload: REST latency and event-loop delay of a real Strapi, beside idle. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { buildPlugin } from '../tests/support/pluginForms';
import { endOfStart } from '../tests/support/runs';
import { SiteBucket } from '../tests/support/SiteBucket';
import { startStrapiProcess, type StrapiProcess } from '../tests/support/strapi';
import { runDetailAnswer, startedAnswer } from '../tests/support/adminAnswers';
import { waitUntil } from '../tests/support/waitUntil';
import { Report } from './Report';
import { runMain, withCeph } from './withCeph';
import { writeFiles } from './writeTree';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    /** Seconds for which the idle site is measured. */
    idle: { type: 'string', default: '20' },
    out: { type: 'string' },
  },
});

const BYTES = 8 * 1024;
/** Milliseconds between the beginnings of two requests of the visitor, if the first is answered by then. */
const EVERY_MS = 20;
const LIST = '/content-manager/collection-types/api::article.article?page=1&pageSize=10';

const delays = z.object({ median: z.number(), p99: z.number(), max: z.number(), cpuSeconds: z.number() });
type Delays = z.infer<typeof delays>;

/** Asks for a list of articles again and again. */
class Visitor {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #latencies: number[] = [];
  #isOver = false;
  readonly #visit: Promise<void>;

  constructor(private readonly app: StrapiProcess) {
    this.#visit = this.#goOn();
  }

  /** Latencies in ms since the last time. */
  take(): number[] {
    const latencies = this.#latencies;
    this.#latencies = [];
    return latencies;
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#visit;
    this.#agent.destroy();
  }

  async #goOn(): Promise<void> {
    while (!this.#isOver) {
      const begun = performance.now();
      await this.#ask();
      const took = performance.now() - begun;
      this.#latencies.push(took);
      await sleep(Math.max(0, EVERY_MS - took));
    }
  }

  #ask(): Promise<void> {
    const headers = { authorization: `Bearer ${this.app.adminToken}` };
    return new Promise((resolve, reject) => {
      get(`${this.app.url}${LIST}`, { agent: this.#agent, headers }, (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`The list of articles: ${answer.statusCode ?? 0}`));
        });
      }).on('error', reject);
    });
  }
}

/** The delays of the site's event loop since the last time. */
async function takeDelays(app: StrapiProcess, file: string): Promise<Delays> {
  rmSync(file, { force: true });
  process.kill(app.pid, 'SIGUSR2');
  return waitUntil('the delays are written', async () => {
    try {
      const parsed: unknown = JSON.parse(existsSync(file) ? readFileSync(file, 'utf8') : '');
      return delays.parse(parsed);
    } catch {
      return undefined;
    }
  });
}

/** Waits for the end of a run, and asks rarely: it is not this that is measured. */
async function statusAtEnd(app: StrapiProcess, id: number): Promise<string> {
  for (;;) {
    await sleep(500);
    const answer = await app.admin.get(`/s3-sync/runs/${id}`).expect(200);
    const { run } = runDetailAnswer.parse(answer.body);
    if (run.status !== 'running') return run.status;
  }
}

function percentile(latencies: readonly number[], share: number): number {
  return latencies.toSorted((one, other) => one - other)[Math.floor(latencies.length * share)] ?? NaN;
}

function row(what: string, latencies: readonly number[], { p99, max }: Delays): string {
  const cells = [percentile(latencies, 0.5), percentile(latencies, 0.99), p99, max].map((ms) => ms.toFixed(1));
  return `| ${what} | ${latencies.length} | ${cells.join(' | ')} |`;
}

runMain(() =>
  withCeph(async (store) => {
    await buildPlugin();
    const folder = mkdtempSync(path.join(tmpdir(), 's3-sync-bench-'));
    const file = path.join(folder, 'delays.json');
    const bucket = await SiteBucket.create(store);
    const app = await startStrapiProcess({
      plugin: 'built',
      graphql: true,
      pluginConfig: bucket.config({ scanEvery: 0, reconcileCron: null }),
      env: { NODE_OPTIONS: `--require ${path.join(__dirname, 'eventLoopDelay.cjs')}`, S3_SYNC_BENCH_DELAYS: file },
    });
    const visitor = new Visitor(app);
    try {
      await endOfStart(app);
      await sleep(3_000);
      visitor.take();
      await takeDelays(app, file);
      await sleep(Number(values.idle) * 1000);
      const idle = visitor.take();
      const idleDelays = await takeDelays(app, file);

      const count = Number(values.files);
      await writeFiles(app.publicDir, 0, count, BYTES);
      await sleep(2_000);
      visitor.take();
      await takeDelays(app, file);
      const begun = performance.now();
      const started = await app.admin.post('/s3-sync/runs').send({}).expect(202);
      const status = await statusAtEnd(app, startedAnswer.parse(started.body).run.id);
      const seconds = (performance.now() - begun) / 1000;
      const busy = visitor.take();
      const busyDelays = await takeDelays(app, file);
      if (status !== 'done') throw new Error(`The run ended as ${status}.`);

      const report = await Report.begin(values.out, 'bench:latency');
      const ratio = percentile(busy, 0.99) / percentile(idle, 0.99);
      await report.add(
        [
          '| Strapi | requests | REST median, ms | REST p99, ms | event loop late p99, ms | latest, ms |',
          '|---|---|---|---|---|---|',
          row('idle', idle, idleDelays),
          row(`while ${count.toLocaleString('en')} files of 8 KiB go up`, busy, busyDelays),
          '',
          `The upload took ${seconds.toFixed(1)} s. REST p99 is ${ratio.toFixed(2)} times that of idle.`,
          '',
        ].join('\n'),
      );
    } finally {
      await visitor.end().catch(() => undefined);
      await app.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }),
);
