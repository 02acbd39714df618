import { createHash } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import type { BucketIdentity, RemoteObject } from '../bucket/Bucket';
import { errorCode } from '../errorCode';
import type { FeedChange } from '../Feed';
import type { KeyFilterOptions } from '../KeyFilter';
import { KeyLocks } from '../KeyLocks';
import type { PlannedOperation } from '../PlannedOperation';
import { SyncError } from '../SyncError';
import type { Base, BaseEntry, BaseFacts, Intent, PlannedDelete, Settled } from './Base';
import {
  decodeChange,
  decodeEntry,
  decodeFacts,
  decodeIntent,
  decodeListed,
  decodePlannedDelete,
  decodePlannedOperation,
  decodePosition,
  encodeEntry,
  encodeIntent,
  encodePlannedOperation,
} from './encoding';

/** Raised when the form of what is stored changes; a base of another version is set aside. */
const VERSION = '1';
const VERSION_KEY = 'm!version';
const FACTS_KEY = 'm!facts';
/** There while entries and intents are being forgotten. */
const FORGETTING_KEY = 'm!forgetting';
const DAMAGED_NAME = /^base-[0-9a-f]{16}\.damaged-\d+$/;
const BATCH = 1_000;

/** Milliseconds between the beginnings of two writes: a write of one row costs about as much as one of twenty. */
const GATHER_MS = 4;

/** After so many intents, their traces in the store are cleared away: each run begins with a look at all that are left. */
const INTENTS_TO_COMPACT = 1_000;
const DISK_TROUBLE =
  /no space left|disk quota|too many open files|permission denied|read-only file|input\/output error/i;

/** The parts of the store, by the first characters of their keys. `"` is the character after `!`. */
const ENTRY = 'e!';
const INTENT = 'i!';
const DELETE = 'd!';
const OPERATION = 'p!';
const LISTING = 'l!';
const OUTBOX = 'o!';
const HEARD = 'h!';
const after = (part: string): string => `${part.slice(0, -1)}"`;

/** What a base is about: with another bucket, prefix or filter it is another base. */
export interface BaseOptions {
  /** Absolute path of the opened state directory. */
  stateDirectory: string;
  identity: BucketIdentity;
  filter: KeyFilterOptions;
}

/**
 * Opens the base. One that is damaged or of another version is set aside under another name and a new one begun:
 * without a base nothing is lost, files are only compared once more.
 *
 * @throws {SyncError} `BASE_LOCKED` while another process has it open, `BASE_DAMAGED` where the disk refuses.
 */
export async function openBase(options: BaseOptions): Promise<Base> {
  const location = locationOf(options);
  const opened = await tryOpen(location);
  if (opened) return opened;
  await setAside(location);
  const fresh = await tryOpen(location);
  if (fresh) return fresh;
  throw damagedError(location);
}

/** Absolute path of the store of a base. */
export function locationOf(options: BaseOptions): string {
  return join(options.stateDirectory, `base-${fingerprintOfOptions(options)}`);
}

/** The newest one is kept, for whoever wants to know what happened to it. */
async function setAside(location: string): Promise<void> {
  const folder = dirname(location);
  const older = (await readdir(folder).catch(damaged)).filter((name) => DAMAGED_NAME.test(name));
  await rename(location, `${location}.damaged-${Date.now()}`).catch(damaged);
  for (const name of older) await rm(join(folder, name), { recursive: true, force: true }).catch(damaged);
}

async function tryOpen(location: string): Promise<LevelBase | undefined> {
  const level = new ClassicLevel(location, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  try {
    await level.open();
    const version = await level.get(VERSION_KEY);
    if (version === undefined) await level.put(VERSION_KEY, VERSION);
    if (version === undefined || version === VERSION) {
      const base = new LevelBase(level, location);
      await base.goOnForgetting();
      return base;
    }
  } catch (error) {
    if (isLocked(error)) {
      throw new SyncError('BASE_LOCKED', {
        message: 'Another process is syncing this directory.',
        fix: 'Wait until it has finished, then try again.',
        cause: error,
      });
    }
    if (isDiskTrouble(error)) damaged(error);
  }
  await level.close();
  return undefined;
}

type Row = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

class LevelBase implements Base {
  readonly locks = new KeyLocks();
  readonly #level: ClassicLevel;
  readonly #location: string;
  /** Rows that wait for the write that goes on, and the promise of theirs. */
  #waiting: { rows: Row[]; written: Promise<void> } | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  /** When the last write began, in milliseconds of `performance`. */
  #writtenAt = -Infinity;
  #outboxCount = 0;
  /** Intents written since it was opened. */
  #begun = 0;
  #facts: Promise<BaseFacts> | undefined;
  #isDamaged = false;

  constructor(level: ClassicLevel, location: string) {
    this.#level = level;
    this.#location = location;
  }

  async get(key: string): Promise<BaseEntry | undefined> {
    const value = await this.#level.get(ENTRY + key).catch(this.#unreadable);
    return value === undefined ? undefined : this.#decoded(() => decodeEntry(value));
  }

  async *entries(): AsyncIterable<{ key: string; entry: BaseEntry }[]> {
    for await (const rows of this.#rows(ENTRY)) {
      yield this.#decoded(() => rows.map(([key, value]) => ({ key, entry: decodeEntry(value) })));
    }
  }

  async *keys(): AsyncIterable<string[]> {
    const iterator = this.#level.keys({ gte: ENTRY, lt: after(ENTRY) });
    try {
      for (;;) {
        const keys = await iterator.nextv(BATCH).catch(this.#unreadable);
        if (keys.length === 0) return;
        yield keys.map((key) => key.slice(ENTRY.length));
      }
    } finally {
      await iterator.close();
    }
  }

  async begin(keys: readonly string[], intent: Intent): Promise<void> {
    this.#begun += keys.length;
    const value = encodeIntent(intent);
    await this.#write(keys.map((key) => ({ type: 'put', key: INTENT + key, value })));
  }

  async settle(results: readonly Settled[], change?: FeedChange): Promise<void> {
    const rows = results.flatMap(({ key, entry, heardUpTo }): Row[] => [
      { type: 'del', key: INTENT + key },
      entry ? { type: 'put', key: ENTRY + key, value: encodeEntry(entry) } : { type: 'del', key: ENTRY + key },
      ...(heardUpTo === undefined ? [] : [{ type: 'put' as const, key: HEARD + key, value: String(heardUpTo) }]),
    ]);
    if (change) rows.push({ type: 'put', key: OUTBOX + this.#nextOutboxId(), value: JSON.stringify(change) });
    await this.#write(rows);
  }

  async heardUpTo(key: string): Promise<number | undefined> {
    const value = await this.#level.get(HEARD + key).catch(this.#unreadable);
    return value === undefined ? undefined : this.#decoded(() => decodePosition(value));
  }

  async forgetHeard(upTo: number): Promise<void> {
    for await (const rows of this.#rows(HEARD)) {
      const old = rows.filter(([, value]) => this.#decoded(() => decodePosition(value)) <= upTo);
      await this.#level.batch(old.map(([key]) => ({ type: 'del', key: HEARD + key }))).catch(this.#unwritable);
    }
  }

  async outbox(): Promise<{ id: string; change: FeedChange }[]> {
    const waiting: { id: string; change: FeedChange }[] = [];
    for await (const rows of this.#rows(OUTBOX)) {
      for (const [id, value] of rows) waiting.push({ id, change: this.#decoded(() => decodeChange(value)) });
    }
    return waiting;
  }

  async sent(ids: readonly string[]): Promise<void> {
    await this.#level.batch(ids.map((id) => ({ type: 'del', key: OUTBOX + id }))).catch(this.#unwritable);
  }

  async intent(key: string): Promise<Intent | undefined> {
    const value = await this.#level.get(INTENT + key).catch(this.#unreadable);
    return value === undefined ? undefined : this.#decoded(() => decodeIntent(value));
  }

  async unsettled(): Promise<ReadonlyMap<string, Intent>> {
    const intents = new Map<string, Intent>();
    for await (const rows of this.#rows(INTENT)) {
      this.#decoded(() => {
        for (const [key, value] of rows) intents.set(key, decodeIntent(value));
      });
    }
    return intents;
  }

  async forgetIntents(keys: Iterable<string>): Promise<void> {
    const rows = [...keys].map((key) => ({ type: 'del' as const, key: INTENT + key }));
    await this.#level.batch(rows).catch(this.#unwritable);
  }

  async forget(facts: BaseFacts): Promise<void> {
    this.#facts = Promise.resolve(facts);
    const batch = this.#level.batch().put(FORGETTING_KEY, '1').put(FACTS_KEY, JSON.stringify(facts));
    await batch.write({ sync: true }).catch(this.#unwritable);
    await this.goOnForgetting();
  }

  /** Ends what a killed process had begun to forget. */
  async goOnForgetting(): Promise<void> {
    if ((await this.#level.get(FORGETTING_KEY).catch(this.#unreadable)) === undefined) return;
    await this.#clear(ENTRY);
    await this.#clear(INTENT);
    await this.#clear(HEARD);
    await this.#level.del(FORGETTING_KEY).catch(this.#unwritable);
  }

  facts(): Promise<BaseFacts> {
    this.#facts ??= this.#readFacts().catch((error: unknown) => {
      this.#facts = undefined;
      throw error;
    });
    return this.#facts;
  }

  async #readFacts(): Promise<BaseFacts> {
    const value = await this.#level.get(FACTS_KEY).catch(this.#unreadable);
    if (value === undefined) return { trustedModes: [], reconciled: false, deletes: [] };
    return this.#decoded(() => decodeFacts(value));
  }

  async setFacts(facts: BaseFacts): Promise<void> {
    this.#facts = Promise.resolve(facts);
    await this.#level.put(FACTS_KEY, JSON.stringify(facts)).catch(this.#unwritable);
  }

  async planDeletes(deletes: readonly PlannedDelete[]): Promise<void> {
    const rows = deletes.map(({ key, side, size }) => ({
      type: 'put' as const,
      key: DELETE + key,
      value: JSON.stringify([side, size]),
    }));
    await this.#level.batch(rows).catch(this.#unwritable);
  }

  async *plannedDeletes(): AsyncIterable<PlannedDelete[]> {
    for await (const rows of this.#rows(DELETE)) {
      yield this.#decoded(() => rows.map(([key, value]) => decodePlannedDelete(key, value)));
    }
  }

  async clearPlannedDeletes(): Promise<void> {
    await this.#clear(DELETE);
  }

  async planOperations(operations: readonly PlannedOperation[]): Promise<void> {
    const rows = operations.map((operation) => ({
      type: 'put' as const,
      key: OPERATION + operation.key,
      value: encodePlannedOperation(operation),
    }));
    await this.#level.batch(rows).catch(this.#unwritable);
  }

  async *plannedOperations(): AsyncIterable<PlannedOperation[]> {
    for await (const rows of this.#rows(OPERATION)) {
      yield this.#decoded(() => rows.map(([key, value]) => decodePlannedOperation(key, value)));
    }
  }

  async clearPlannedOperations(): Promise<void> {
    await this.#clear(OPERATION);
  }

  async *sortListing(pages: AsyncIterable<RemoteObject[]>): AsyncIterable<RemoteObject[]> {
    await this.#clear(LISTING);
    for await (const page of pages) {
      const rows = page.map((object) => ({
        type: 'put' as const,
        key: LISTING + object.key,
        value: JSON.stringify([object.size, object.etag, object.lastModifiedMs]),
      }));
      await this.#level.batch(rows).catch(this.#unwritable);
    }
    for await (const rows of this.#rows(LISTING)) {
      yield this.#decoded(() => rows.map(([key, value]) => decodeListed(key, value)));
    }
    await this.#clear(LISTING);
  }

  async close(): Promise<void> {
    // Where it does not work, as on a full disk, nothing is lost but time.
    if (this.#begun > INTENTS_TO_COMPACT) {
      await this.#level.compactRange(INTENT, after(INTENT)).catch(() => undefined);
    }
    await this.#level.close();
    if (this.#isDamaged) await setAside(this.#location);
  }

  /**
   * Writes rows, all of them or none. Calls that come while a write goes on, or within a few milliseconds of its
   * beginning, share the next one, in the order of the calls: many transfers at a time cost few writes.
   */
  async #write(rows: readonly Row[]): Promise<void> {
    if (this.#waiting === undefined) {
      const shared: Row[] = [];
      const written = this.#writing.then(async () => {
        const early = this.#writtenAt + GATHER_MS - performance.now();
        if (early > 0) await sleep(early);
        this.#waiting = undefined;
        this.#writtenAt = performance.now();
        await this.#level.batch(shared);
      });
      // Whoever waits for it gets the error; the next write is tried all the same.
      this.#writing = written.catch(() => undefined);
      this.#waiting = { rows: shared, written };
    }
    this.#waiting.rows.push(...rows);
    await this.#waiting.written.catch(this.#unwritable);
  }

  /** Ascending over restarts too. */
  #nextOutboxId(): string {
    this.#outboxCount += 1;
    return `${Date.now().toString().padStart(15, '0')}-${this.#outboxCount.toString().padStart(9, '0')}`;
  }

  async #clear(part: string): Promise<void> {
    await this.#level.clear({ gte: part, lt: after(part) }).catch(this.#unwritable);
  }

  async *#rows(part: string): AsyncIterable<[key: string, value: string][]> {
    const iterator = this.#level.iterator({ gte: part, lt: after(part) });
    try {
      for (;;) {
        const rows = await iterator.nextv(BATCH).catch(this.#unreadable);
        if (rows.length === 0) return;
        yield rows.map(([key, value]) => [key.slice(part.length), value]);
      }
    } finally {
      await iterator.close();
    }
  }

  // What cannot be read now cannot be read in the next run either: the store is set aside when it is closed.
  readonly #unreadable = (cause: unknown): never => {
    const code = errorCode(cause);
    if ((code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR') && !isDiskTrouble(cause)) this.#isDamaged = true;
    return damaged(cause);
  };

  // A full disk is no damage: what was there before is still right.
  readonly #unwritable = (cause: unknown): never => {
    if (errorCode(cause) === 'LEVEL_CORRUPTION') this.#isDamaged = true;
    return damaged(cause);
  };

  #decoded<T>(decode: () => T): T {
    try {
      return decode();
    } catch (error) {
      this.#isDamaged = true;
      throw error;
    }
  }
}

/**
 * Whether the system refused, and not the store itself: what is on the disk may be in order. Level gives no code for it,
 * only the system's own words.
 */
function isDiskTrouble(error: unknown): boolean {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return DISK_TROUBLE.test(`${String(error)} ${String(cause)}`);
}

function fingerprintOfOptions({ identity, filter }: BaseOptions): string {
  const parts = [identity.bucketName, identity.endpoint, identity.prefix, filter.include, filter.exclude];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function damaged(cause: unknown): never {
  throw damagedError('The base', cause);
}

function damagedError(what: string, cause?: unknown): SyncError {
  return new SyncError('BASE_DAMAGED', {
    message: `${what} cannot be read or written.`,
    fix: 'Check the disk and its free space. The next run sets a damaged base aside and compares everything anew.',
    cause,
  });
}

/** Level says that it could not open, and in the cause why. */
function isLocked(error: unknown): boolean {
  const cause = typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
  return errorCode(error) === 'LEVEL_LOCKED' || errorCode(cause) === 'LEVEL_LOCKED';
}
