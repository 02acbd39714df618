interface Entry {
  key: string;
  bytes: Buffer;
}

/** Keys in the order of their UTF-8 bytes, as S3 lists them. */
export class SortedKeys {
  private entries: Entry[];

  constructor(keys: Iterable<string> = []) {
    this.entries = [...keys].map(toEntry).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  }

  get size(): number {
    return this.entries.length;
  }

  add(key: string): void {
    const entry = toEntry(key);
    const index = this.lowerBound(entry.bytes);
    if (this.entries[index]?.key !== key) this.entries.splice(index, 0, entry);
  }

  delete(key: string): void {
    const index = this.lowerBound(Buffer.from(key));
    if (this.entries[index]?.key === key) this.entries.splice(index, 1);
  }

  /** Keys from `start` on; without it, all. */
  *from(start: string): Generator<string, void, undefined> {
    for (let index = this.lowerBound(Buffer.from(start)); index < this.entries.length; index++) {
      const entry = this.entries[index];
      if (entry !== undefined) yield entry.key;
    }
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
