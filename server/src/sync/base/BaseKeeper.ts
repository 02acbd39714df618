import { stat } from 'node:fs/promises';
import type { RemoteObject } from '../bucket/Bucket';
import type { FeedChange } from '../Feed';
import type { KeyLocks } from '../KeyLocks';
import type { PlannedOperation } from '../PlannedOperation';
import { SyncError } from '../SyncError';
import type { Base, BaseEntry, BaseFacts, Intent, PlannedDelete, Settled } from './Base';
import { locationOf, openBase, type BaseOptions } from './LevelBase';

interface Kept {
  base: Promise<Base>;
  users: number;
  hasRun: boolean;
  /** The last one lets go: whoever comes now waits until the store is closed. */
  closing?: Promise<void>;
}

/** Told of keys whose entries change, or are about to. */
export type ChangeListener = (keys: readonly string[]) => void;

/**
 * Lets a run and what goes on beside it (files that are fetched while they are asked for) use one base: the store on
 * disk can be opened only once. It is closed when the last one has let go, so that another process gets its turn.
 */
export class BaseKeeper {
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<ChangeListener>();

  /**
   * Opens the base for a run.
   * @throws {SyncError} `BASE_LOCKED` while another run or process has it, and as `openBase`.
   */
  openForRun(options: BaseOptions): Promise<Base> {
    return this.#open(options, true);
  }

  /**
   * Opens the base beside whatever run goes on.
   * @throws {SyncError} `BASE_LOCKED` while another process has it, and as `openBase`.
   */
  openBeside(options: BaseOptions): Promise<Base> {
    return this.#open(options, false);
  }

  /** @returns a function that ends the listening. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async #open(options: BaseOptions, isRun: boolean): Promise<Base> {
    // `strapi import` moves the folder away and makes a new one: what is open then is not what lies there now.
    const location = `${(await inodeOf(options.stateDirectory)) ?? ''} ${locationOf(options)}`;
    for (let known = this.#kept.get(location); known?.closing; known = this.#kept.get(location)) await known.closing;
    const kept = this.#kept.get(location) ?? { base: openBase(options), users: 0, hasRun: false };
    if (isRun && kept.hasRun) throw lockedByRun();
    this.#kept.set(location, kept);
    kept.users += 1;
    if (isRun) kept.hasRun = true;
    const release = (): Promise<void> => {
      if (isRun) kept.hasRun = false;
      return this.#release(location, kept);
    };
    try {
      const tell: ChangeListener = (keys) => {
        for (const listener of this.#listeners) listener(keys);
      };
      return new SharedBase(await kept.base, tell, release);
    } catch (error) {
      await release();
      throw error;
    }
  }

  async #release(location: string, kept: Kept): Promise<void> {
    kept.users -= 1;
    if (kept.users > 0) return;
    kept.closing = close(kept.base).finally(() => {
      this.#kept.delete(location);
    });
    await kept.closing;
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  // Where it is away, opening the base says so.
  return (await stat(path, { bigint: true }).catch(() => undefined))?.ino;
}

async function close(opening: Promise<Base>): Promise<void> {
  // A base that could not be opened needs no closing, and was told of already.
  const base = await opening.catch(() => undefined);
  await base?.close();
}

function lockedByRun(): SyncError {
  return new SyncError('BASE_LOCKED', {
    message: 'Another run is syncing this directory.',
    fix: 'Wait until it has finished, then try again.',
  });
}

/** One user's hold on a base that others use too. */
class SharedBase implements Base {
  readonly #base: Base;
  readonly #tell: ChangeListener;
  readonly #release: () => Promise<void>;
  #isOpen = true;

  constructor(base: Base, tell: ChangeListener, release: () => Promise<void>) {
    this.#base = base;
    this.#tell = tell;
    this.#release = release;
  }

  get locks(): KeyLocks {
    return this.#base.locks;
  }

  get(key: string): Promise<BaseEntry | undefined> {
    return this.#base.get(key);
  }

  entries(): AsyncIterable<{ key: string; entry: BaseEntry }[]> {
    return this.#base.entries();
  }

  keys(): AsyncIterable<string[]> {
    return this.#base.keys();
  }

  async begin(keys: readonly string[], intent: Intent): Promise<void> {
    this.#tell(keys);
    await this.#base.begin(keys, intent);
  }

  async settle(results: readonly Settled[], change?: FeedChange): Promise<void> {
    await this.#base.settle(results, change);
    this.#tell(results.map(({ key }) => key));
  }

  heardUpTo(key: string): Promise<number | undefined> {
    return this.#base.heardUpTo(key);
  }

  forgetHeard(upTo: number): Promise<void> {
    return this.#base.forgetHeard(upTo);
  }

  outbox(): Promise<{ id: string; change: FeedChange }[]> {
    return this.#base.outbox();
  }

  sent(ids: readonly string[]): Promise<void> {
    return this.#base.sent(ids);
  }

  intent(key: string): Promise<Intent | undefined> {
    return this.#base.intent(key);
  }

  unsettled(): Promise<ReadonlyMap<string, Intent>> {
    return this.#base.unsettled();
  }

  forgetIntents(keys: Iterable<string>): Promise<void> {
    return this.#base.forgetIntents(keys);
  }

  forget(facts: BaseFacts): Promise<void> {
    return this.#base.forget(facts);
  }

  facts(): Promise<BaseFacts> {
    return this.#base.facts();
  }

  setFacts(facts: BaseFacts): Promise<void> {
    return this.#base.setFacts(facts);
  }

  planDeletes(deletes: readonly PlannedDelete[]): Promise<void> {
    return this.#base.planDeletes(deletes);
  }

  plannedDeletes(): AsyncIterable<PlannedDelete[]> {
    return this.#base.plannedDeletes();
  }

  clearPlannedDeletes(): Promise<void> {
    return this.#base.clearPlannedDeletes();
  }

  planOperations(operations: readonly PlannedOperation[]): Promise<void> {
    return this.#base.planOperations(operations);
  }

  plannedOperations(): AsyncIterable<PlannedOperation[]> {
    return this.#base.plannedOperations();
  }

  clearPlannedOperations(): Promise<void> {
    return this.#base.clearPlannedOperations();
  }

  sortListing(pages: AsyncIterable<RemoteObject[]>): AsyncIterable<RemoteObject[]> {
    return this.#base.sortListing(pages);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#release();
  }
}
