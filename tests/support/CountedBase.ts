import type { Base, BaseEntry, BaseFacts, Intent, PlannedDelete, Settled } from '../../server/src/sync/base/Base';
import type * as LevelBase from '../../server/src/sync/base/LevelBase';
import type { RemoteObject } from '../../server/src/sync/bucket/Bucket';
import type { FeedChange } from '../../server/src/sync/Feed';
import type { KeyLocks } from '../../server/src/sync/KeyLocks';
import type { PlannedOperation } from '../../server/src/sync/PlannedOperation';
import { Steps } from './Steps';

const real = jest.requireActual<typeof LevelBase>('../../server/src/sync/base/LevelBase');

const opened = new Map<string, Base>();
const forgotten = new Set<string>();

/** Whether the base of a state directory was forgotten since the last time that it was asked. */
export function wasForgotten(stateDirectory: string): boolean {
  return forgotten.delete(stateDirectory);
}

/**
 * The real base, of which each write is a step. It stays open from run to run, which saves most of the time of a small
 * run, until `closeBase`. Stands in for `LevelBase.openBase`, by `jest.mock`.
 */
export async function openBase(options: LevelBase.BaseOptions): Promise<Base> {
  const known = opened.get(options.stateDirectory);
  if (known) return new CountedBase(known, options.stateDirectory);
  const base = await real.openBase(options);
  opened.set(options.stateDirectory, base);
  return new CountedBase(base, options.stateDirectory);
}

/** Closes the store of a state directory, as the end of a process does. */
export async function closeBase(stateDirectory: string): Promise<void> {
  const base = opened.get(stateDirectory);
  opened.delete(stateDirectory);
  await base?.close();
}

/** The files that the base of a state directory knows; none where it is not open. */
export async function knownKeys(stateDirectory: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const rows of opened.get(stateDirectory)?.entries() ?? []) keys.push(...rows.map(({ key }) => key));
  return keys;
}

class CountedBase implements Base {
  readonly #base: Base;
  readonly #stateDirectory: string;

  constructor(base: Base, stateDirectory: string) {
    this.#base = base;
    this.#stateDirectory = stateDirectory;
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
    await Steps.take();
    await this.#base.begin(keys, intent);
  }

  async settle(results: readonly Settled[], change?: FeedChange): Promise<void> {
    await Steps.take();
    await this.#base.settle(results, change);
  }

  heardUpTo(key: string): Promise<number | undefined> {
    return this.#base.heardUpTo(key);
  }

  /** No step of its own: killed before or after it, a run leaves what means the same. */
  forgetHeard(upTo: number): Promise<void> {
    return this.#base.forgetHeard(upTo);
  }

  outbox(): Promise<{ id: string; change: FeedChange }[]> {
    return this.#base.outbox();
  }

  async sent(ids: readonly string[]): Promise<void> {
    await Steps.take();
    await this.#base.sent(ids);
  }

  intent(key: string): Promise<Intent | undefined> {
    return this.#base.intent(key);
  }

  unsettled(): Promise<ReadonlyMap<string, Intent>> {
    return this.#base.unsettled();
  }

  async forgetIntents(keys: Iterable<string>): Promise<void> {
    await Steps.take();
    await this.#base.forgetIntents(keys);
  }

  async forget(facts: BaseFacts): Promise<void> {
    await Steps.take();
    await this.#base.forget(facts);
    forgotten.add(this.#stateDirectory);
  }

  facts(): Promise<BaseFacts> {
    return this.#base.facts();
  }

  async setFacts(facts: BaseFacts): Promise<void> {
    await Steps.take();
    await this.#base.setFacts(facts);
  }

  async planDeletes(deletes: readonly PlannedDelete[]): Promise<void> {
    await Steps.take();
    await this.#base.planDeletes(deletes);
  }

  plannedDeletes(): AsyncIterable<PlannedDelete[]> {
    return this.#base.plannedDeletes();
  }

  async clearPlannedDeletes(): Promise<void> {
    await Steps.take();
    await this.#base.clearPlannedDeletes();
  }

  async planOperations(operations: readonly PlannedOperation[]): Promise<void> {
    await Steps.take();
    await this.#base.planOperations(operations);
  }

  plannedOperations(): AsyncIterable<PlannedOperation[]> {
    return this.#base.plannedOperations();
  }

  async clearPlannedOperations(): Promise<void> {
    await Steps.take();
    await this.#base.clearPlannedOperations();
  }

  sortListing(pages: AsyncIterable<RemoteObject[]>): AsyncIterable<RemoteObject[]> {
    return this.#base.sortListing(pages);
  }

  /** The store stays open; see `closeBase`. */
  async close(): Promise<void> {
    return Promise.resolve();
  }
}
