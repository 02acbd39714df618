import fc from 'fast-check';
import type { Mode } from '../../server/src/sync/decide';
import { countFileSystem } from './countedFileSystem';
import type { History } from './history';
import { Figures, SimulatedWorld } from './SimulatedWorld';

const LONG = process.env.S3_SYNC_LONG === '1';

const USUAL_SEED = 20_261_122;

/** Milliseconds for shrinking, so that a failure is told before the test is ended. */
const SHRINK_MS = 60_000;

/** How many histories a test plays: twenty times as many, and new ones, with `npm run test:long`. */
export function historiesOf(usual: number): number {
  return LONG ? 20 * usual : usual;
}

/** Milliseconds a test of so many histories may take on a busy machine. */
export function timeFor(histories: number): number {
  return 60_000 + SHRINK_MS + 2_000 * histories;
}

/**
 * Plays random histories and says what they were made of.
 *
 * A failure names its seed and path: `S3_SYNC_SEED=… S3_SYNC_PATH=… npx jest --selectProjects property` plays the
 * smallest history that fails once more. `S3_SYNC_HISTORIES` sets their number.
 *
 * @throws {Error} with the smallest history that breaks a rule, and what happened in it.
 */
export async function checkHistories(mode: Mode, histories: fc.Arbitrary<History>, usual: number): Promise<void> {
  // A red run must mean that a change broke something: new histories are tried by `npm run test:long`.
  const usualSeed = LONG ? Math.floor(Math.random() * 0x7fffffff) : USUAL_SEED;
  const seed = Number(process.env.S3_SYNC_SEED ?? usualSeed);
  const numRuns = Number(process.env.S3_SYNC_HISTORIES ?? historiesOf(usual));
  const figures = new Figures();
  const restore = countFileSystem();
  const start = performance.now();
  try {
    await fc.assert(
      fc.asyncProperty(histories, (history) => SimulatedWorld.play(mode, history, figures)),
      {
        seed,
        path: process.env.S3_SYNC_PATH,
        numRuns,
        interruptAfterTimeLimit: timeFor(numRuns) - SHRINK_MS,
        markInterruptAsFailure: true,
      },
    );
  } finally {
    restore();
    const seconds = ((performance.now() - start) / 1_000).toFixed(1);
    process.stderr.write(`${mode} histories (seed ${seed}, ${seconds} s): ${figures.toString()}\n`);
  }
}
