import type { SyncProgress } from '../sync/SyncProgress';
import { formatBytes, formatNumber, formatSeconds } from './format';
import type { Output } from './Output';

const BAR_WIDTH = 24;

/** Width of a terminal that does not tell its own. */
const DEFAULT_COLUMNS = 80;

/** Where there is no terminal, one line each so many milliseconds. */
const LINE_EVERY_MS = 5_000;

/** With less behind it, a guess of the time left would be none. */
const GUESS_FROM = 0.02;

/** Shows how far a run is: on a terminal a bar, else a line every few seconds. */
export class ProgressDisplay {
  readonly #output: Output;
  #startedAt: number | undefined;
  readonly #isTerminal = process.stderr.isTTY;
  #lastLineAt = 0;
  #isDrawn = false;
  #lastKey: string | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  /** @param files how many there are here, once that is known. */
  show(progress: SyncProgress, files: number | undefined): void {
    if (this.#startedAt === undefined) this.#startedAt = this.#lastLineAt = Date.now();
    if (this.#output.verbose && progress.currentKey !== undefined && progress.currentKey !== this.#lastKey) {
      this.#lastKey = progress.currentKey;
      this.clear();
      this.#output.note(`  ${progress.currentKey}`);
    }
    const line = describeProgress(progress, files, (Date.now() - this.#startedAt) / 1000);
    if (this.#isTerminal) {
      this.#isDrawn = true;
      this.#output.draw(`\r\u001b[2K${line.slice(0, (process.stderr.columns || DEFAULT_COLUMNS) - 1)}`);
    } else if (Date.now() - this.#lastLineAt >= LINE_EVERY_MS) {
      this.#lastLineAt = Date.now();
      this.#output.note(line);
    }
  }

  /** Takes the bar away, before something else is printed. */
  clear(): void {
    if (this.#isDrawn) this.#output.draw('\r\u001b[2K');
    this.#isDrawn = false;
  }
}

/**
 * One line on a run that goes on: files, bytes, rate, and time left where it can be told.
 *
 * @param files how many there are here, if that is known.
 * @param seconds since the run began.
 */
export function describeProgress(progress: SyncProgress, files: number | undefined, seconds: number): string {
  const { phase, seen, bytes, deletedRemote, deletedLocal, failed } = progress;
  const total = files === undefined ? undefined : Math.max(files, seen);
  const share = total === undefined || total === 0 ? undefined : seen / total;
  const parts = [
    total === undefined ? `${formatNumber(seen)} files` : `${formatNumber(seen)}/${formatNumber(total)} files`,
    formatBytes(bytes),
    `${formatBytes(seconds > 0 ? bytes / seconds : 0)}/s`,
  ];
  if (deletedRemote + deletedLocal > 0) parts.push(`${formatNumber(deletedRemote + deletedLocal)} deleted`);
  if (failed > 0) parts.push(`${formatNumber(failed)} failed`);
  if (phase === 'deleting') parts.push('deleting');
  else if (share !== undefined && share >= GUESS_FROM && share < 1) {
    parts.push(`about ${formatSeconds((seconds / share) * (1 - share))} left`);
  }
  const bar = share === undefined ? '' : `${drawBar(share)} ${Math.floor(share * 100)} %  `;
  return `${bar}${parts.join('  ')}`;
}

function drawBar(share: number): string {
  const full = Math.floor(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}]`;
}
