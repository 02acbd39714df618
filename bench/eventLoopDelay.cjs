/**
 * Required into a process before anything else: on SIGUSR2 it writes what its event loop was late since the last time,
 * in ms, as JSON to the file that S3_SYNC_BENCH_DELAYS names.
 */
const { writeFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 5;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
// The time between two ticks is what is recorded: what is more than the resolution is delay.
const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

process.on('SIGUSR2', () => {
  const { max } = histogram;
  const delays = { median: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(max) };
  histogram.reset();
  writeFileSync(
    process.env.S3_SYNC_BENCH_DELAYS,
    JSON.stringify({ ...delays, cpuSeconds: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 }),
  );
});
