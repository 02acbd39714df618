interface Entry {
  key: string;
  bytes: Buffer;
}

/** Keys in the order of their UTF-8 bytes, as S3 lists them. Sorted when they are read, not at each write. */
export class SortedKeys {
  private readonly keys: Set<string>;
  /** In order, but for what was added or deleted since the last reading. */
  private entries: Entry[] = [];
  private stale = true;

  constructor(keys: Iterable<string> = []) {
    this.keys = new Set(keys);
    this.entries = [...this.keys].map(toEntry);
  }

  get size(): number {
    return this.keys.size;
  }

  add(key: string): void {
    if (this.keys.has(key)) return;
    this.keys.add(key);
    this.entries.push(toEntry(key));
    this.stale = true;
  }

  delete(key: string): void {
    if (this.keys.delete(key)) this.stale = true;
  }

  /** Keys from `start` on; with `''`, all. */
  *from(start: string): Generator<string, void, undefined> {
    this.sort();
    for (let index = this.lowerBound(Buffer.from(start)); index < this.entries.length; index++) {
      const entry = this.entries[index];
      if (entry !== undefined) yield entry.key;
    }
  }

  private sort(): void {
    if (!this.stale) return;
    this.entries.sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    // A key that was deleted and added again is there twice, side by side.
    this.entries = this.entries.filter(({ key }, index) => this.keys.has(key) && this.entries[index - 1]?.key !== key);
    this.stale = false;
  }

  /** @returns the index of the first entry that is not before `bytes`. */
  private lowerBound(bytes: Buffer): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry !== undefined && Buffer.compare(entry.bytes, bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function toEntry(key: string): Entry {
  return { key, bytes: Buffer.from(key) };
}
