import { job as jobSchema, type Job, type Measured } from '../Job';

/** Does the job of the command line's last word, and prints what it took as one line of JSON. */
export async function measureJob(work: (job: Job) => Promise<void>): Promise<void> {
  const parsed: unknown = JSON.parse(process.argv.at(-1) ?? '');
  const job = jobSchema.parse(parsed);
  globalThis.gc?.();
  const idleMiB = process.memoryUsage().rss / 2 ** 20;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await work(job);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const measured: Measured = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    // Linux counts in KiB.
    peakMiB: process.resourceUsage().maxRSS / 1024,
    idleMiB,
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}
