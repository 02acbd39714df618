import type { Outcome } from './KeyWorker';
import type { KeySides } from './mergeSides';
import type { PlannedDelete } from './base/Base';

/** Files and bytes of one side. */
export interface Total {
  files: number;
  bytes: number;
}

/** What stands on each side, as far as the filter lets it through. */
export interface TotalOfSides {
  local: Total;
  remote: Total;
}

/** Counts what a look at everything finds on each side, and what the run then changes. */
export class SideTotals {
  readonly #local: Total = { files: 0, bytes: 0 };
  readonly #remote: Total = { files: 0, bytes: 0 };

  /** A key comes by, as it was found. */
  see({ local, remote }: KeySides): void {
    if (local) add(this.#local, local.size);
    if (remote) add(this.#remote, remote.size);
  }

  /** A key that was seen was worked on. */
  note({ local, remote }: KeySides, outcome: Outcome): void {
    const wins = outcome.kind === 'conflict' ? outcome.winner : undefined;
    if (local && (outcome.kind === 'uploaded' || wins === 'local')) {
      if (remote) subtract(this.#remote, remote.size);
      add(this.#remote, local.size);
    } else if (remote && (outcome.kind === 'downloaded' || wins === 'remote')) {
      if (local) subtract(this.#local, local.size);
      add(this.#local, remote.size);
    } else if (local && outcome.kind === 'vanished') {
      subtract(this.#local, local.size);
    }
  }

  /** A delete was done. */
  noteDeleted({ side, size }: Pick<PlannedDelete, 'side' | 'size'>): void {
    subtract(side === 'local' ? this.#local : this.#remote, size);
  }

  /** A delete of the one side turned out to be a loss on the other one, to which the file was brought back. */
  noteBroughtBack({ side, size }: Pick<PlannedDelete, 'side' | 'size'>): void {
    add(side === 'local' ? this.#remote : this.#local, size);
  }

  read(): TotalOfSides {
    return { local: { ...this.#local }, remote: { ...this.#remote } };
  }
}

function add(total: Total, bytes: number): void {
  total.files += 1;
  total.bytes += bytes;
}

function subtract(total: Total, bytes: number): void {
  total.files -= 1;
  total.bytes -= bytes;
}
