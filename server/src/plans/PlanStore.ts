import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import { decodePlannedOperation, encodePlannedOperation } from '../sync/base/encoding';
import { errorCode } from '../sync/errorCode';
import type { PlannedAction, PlannedOperation } from '../sync/PlannedOperation';

/** What a person wants to see of a plan. */
export interface PlanQuery {
  /** Only operations of this kind. */
  action?: PlannedAction;
  /** Only keys that hold this text, in capitals or not. */
  search?: string;
  sort: PlanSort;
  order: 'asc' | 'desc';
  /** Counted from 1. */
  page: number;
  pageSize: number;
}

/** `action` puts deletes first, then by key. */
export type PlanSort = 'action' | 'key' | 'size';

/** One page of a plan. */
export interface PlanPage {
  operations: PlannedOperation[];
  /** Operations on all pages. */
  total: number;
}

const OWNER_ONLY = 0o700;
const BATCH = 1_000;

/** The order of `action`: what can do harm comes first. */
const RANKS: readonly PlannedAction[] = ['delete-remote', 'delete-local', 'conflict', 'upload', 'download'];

/** Sizes as text that sorts as they do: the largest number of bytes that is exact has 16 digits. */
const SIZE_DIGITS = 16;

/** Another process on the same directory may look at the plan at the same moment. */
const OPEN_PAUSES_MS = [20, 100, 500];

/**
 * The operations of one plan, on the disk, in each order in which they are shown. Memory holds one batch, however many
 * there are.
 *
 * Each operation stands there three times: `k!<key>`, `a!<rank><key>` and `s!<size><key>`. So a page is read in its
 * order from the first row on, and nothing has to be sorted.
 */
export class PlanStore {
  readonly #level: ClassicLevel;
  #batch: PlannedOperation[] = [];

  private constructor(level: ClassicLevel) {
    this.#level = level;
  }

  /**
   * Makes the store of a new plan.
   * @param folder absolute path; it must not exist, its parent may be missing.
   */
  static async create(folder: string): Promise<PlanStore> {
    await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
    return PlanStore.#open(folder, { createIfMissing: true });
  }

  /**
   * Opens the store, lets the work be done, and closes it.
   * @throws what the disk throws, or Level where the store is gone or damaged.
   */
  static async read<Result>(folder: string, work: (store: PlanStore) => Promise<Result>): Promise<Result> {
    const store = await PlanStore.#open(folder, { createIfMissing: false });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  static async #open(folder: string, options: { createIfMissing: boolean }): Promise<PlanStore> {
    const level = new ClassicLevel(join(folder, 'operations'), { keyEncoding: 'utf8', valueEncoding: 'utf8' });
    for (let attempt = 0; ; attempt += 1) {
      try {
        await level.open(options);
        return new PlanStore(level);
      } catch (error) {
        const pauseMs = OPEN_PAUSES_MS[attempt];
        const cause = error instanceof Error ? error.cause : undefined;
        if (errorCode(cause) !== 'LEVEL_LOCKED' || pauseMs === undefined) throw error;
        await setTimeout(pauseMs);
      }
    }
  }

  async add(operation: PlannedOperation): Promise<void> {
    this.#batch.push(operation);
    if (this.#batch.length >= BATCH) await this.flush();
  }

  /** Writes what was added; to be called after the last one. */
  async flush(): Promise<void> {
    const batch = this.#level.batch();
    for (const operation of this.#batch) {
      const value = encodePlannedOperation(operation);
      const { key, action, size } = operation;
      batch.put(`k!${key}`, value);
      batch.put(`a!${RANKS.indexOf(action)}${key}`, value);
      batch.put(`s!${size.toString().padStart(SIZE_DIGITS, '0')}${key}`, value);
    }
    this.#batch = [];
    await batch.write();
  }

  /**
   * Reads one page.
   *
   * @param total operations of the query, where that is known without a look; then no more than the page is read through.
   */
  async page(query: PlanQuery, total: number | undefined): Promise<PlanPage> {
    const { action, sort, order, page, pageSize } = query;
    const { from, prefix } = rangeOf(sort, action);
    const from0 = (page - 1) * pageSize;
    const matches = matcherOf(query);
    const operations: PlannedOperation[] = [];
    let found = 0;
    const iterator = this.#level.iterator({ gte: from, lt: after(from), reverse: order === 'desc' });
    try {
      for (;;) {
        const rows = await iterator.nextv(BATCH);
        if (rows.length === 0) break;
        for (const [name, value] of rows) {
          const key = name.slice(prefix);
          if (!matches(key, value)) continue;
          if (found >= from0 && operations.length < pageSize) operations.push(decodePlannedOperation(key, value));
          found += 1;
        }
        if (total !== undefined && found >= from0 + pageSize) break;
      }
    } finally {
      await iterator.close();
    }
    return { operations, total: total ?? found };
  }

  async close(): Promise<void> {
    await this.#level.close();
  }
}

/** @returns the first characters of the rows to read, and how many characters of a row stand before its key. */
function rangeOf(sort: PlanSort, action: PlannedAction | undefined): { from: string; prefix: number } {
  if (sort === 'size') return { from: 's!', prefix: 2 + SIZE_DIGITS };
  if (action !== undefined) return { from: `a!${RANKS.indexOf(action)}`, prefix: 3 };
  return sort === 'key' ? { from: 'k!', prefix: 2 } : { from: 'a!', prefix: 3 };
}

/** The text that sorts right after all that begin with this one. */
function after(text: string): string {
  return text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
}

function matcherOf({ action, search, sort }: PlanQuery): (key: string, value: string) => boolean {
  const wanted = search?.toLowerCase() ?? '';
  // Every other order has the rows of one action together.
  const mark = sort === 'size' && action !== undefined ? `["${action}",` : '';
  return (key, value) => value.startsWith(mark) && (wanted === '' || key.toLowerCase().includes(wanted));
}
