import type { RunAnswer } from '../../server/src/routes/contract';

/** How far a run was at one moment. */
export interface Sample {
  runId: number;
  /** Milliseconds by a clock that only goes forward. */
  at: number;
  seen: number;
  bytes: number;
}

/** How fast a run goes, and how long it may still take. */
export interface Pace {
  bytesPerSecond?: number;
  /** Milliseconds; absent where it is not known how much there is to do. */
  timeLeft?: number;
}

/** Milliseconds over which the pace is measured: long enough to be steady, short enough to be true. */
const SPAN = 15_000;

/** The samples of the run that goes on, with a new one. */
export function withSample(samples: readonly Sample[], run: RunAnswer | undefined, at: number): Sample[] {
  if (!run?.progress) return [];
  const { seen, bytes } = run.progress;
  const earlier = samples.filter((sample) => sample.runId === run.id && at - sample.at <= SPAN);
  return [...earlier, { runId: run.id, at, seen, bytes }];
}

/**
 * Measures between the first and the last sample.
 *
 * @param files how many files there are to be looked at, if that is known.
 */
export function paceOf(samples: readonly Sample[], files: number | undefined): Pace {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || last.at <= first.at) return {};
  const elapsed = last.at - first.at;
  const bytesPerSecond = ((last.bytes - first.bytes) / elapsed) * 1000;
  const seen = last.seen - first.seen;
  // What is only in the bucket is looked at too, so there may be more to see than there are files.
  if (files === undefined || seen === 0 || last.seen > files) return { bytesPerSecond };
  return { bytesPerSecond, timeLeft: ((files - last.seen) / seen) * elapsed };
}
