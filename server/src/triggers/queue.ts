import { AsyncResource } from 'node:async_hooks';
import type { Wish } from '../services/wishes';
import { Gathered } from './Gathered';

/**
 * - `again`: it did not work, but may work a little later; the pauses grow.
 * - `unsettled`: all was done but for some files, which are still being written, or which the store or the disk refuses.
 *   They are looked at again after growing pauses; nothing else waits for them. `left` says which, where it is known.
 * - `wait`: something has to end first, and is looked at again soon.
 */
export type WishOutcome = 'done' | 'again' | 'unsettled' | 'wait' | { left: Wish };

export interface QueueOptions {
  /** How long wishes of one kind gather before they are carried out, in ms. Asked at each wish. */
  coalesceMs(wish: Wish): number;
  /** Carries out one wish. A rejection counts as `again`. */
  carryOut(wish: Wish): Promise<WishOutcome>;
  onError(error: unknown): void;
  /** A wish joined another one that waits. */
  onMerge?(): void;
}

/** Gathers wishes and carries them out one after the other; those of files beside one of everything, which may take long. */
export interface Queue {
  /** Notes a wish and returns at once. Never throws. */
  add(wish: Wish): void;
  /** Stops the timers and forgets what waits. */
  stop(): void;
}

/** The pause after a first failure, doubled after each further one, in ms. */
export const FIRST_PAUSE_MS = 5_000;
export const LONGEST_PAUSE_MS = 5 * 60_000;

/** The order in which what is due is carried out. */
const KINDS = ['names', 'changes', 'everything'] as const;

/** Those that look at single files. */
const FILES = ['names', 'changes'] as const;

type Kind = (typeof KINDS)[number];

/** How it went with wishes of one kind of late. */
interface Record {
  /** Outcomes in a row that were `again`. */
  failures: number;
  /** Outcomes in a row that were `unsettled`. */
  unsettled: number;
  pausedUntil: number;
}

/**
 * Makes a queue. However many wishes come while one is carried out, they become at most one of each kind: files by
 * name, changes of others, and everything. The kinds are kept apart: what is deleted by name was meant to go, what is
 * merely missing may not be.
 */
export function createQueue(options: QueueOptions): Queue {
  const waiting = new Map<Kind, Gathered>();
  const records: { [kind in Kind]: Record } = { names: newRecord(), changes: newRecord(), everything: newRecord() };
  let timer: { handle: NodeJS.Timeout; at: number } | undefined;
  let busy = false;
  let isLookingAtAll = false;
  let beside: Promise<void> | undefined;
  let stopped = false;

  function note(wish: Wish, dueAt: number): void {
    const kind = kindOf(wish);
    const known = waiting.get(kind);
    if (known !== undefined) options.onMerge?.();
    known?.add(wish, dueAt);
    const all = known ?? new Gathered(wish, dueAt);
    waiting.set(kind, all);
    if (!all.takeDropped()) return;
    if (!all.hasNames) waiting.delete(kind);
    note({ trigger: all.trigger }, all.dueAt);
  }

  /**
   * When what waits may be carried out at the earliest. A run of everything gives files by name that failed a chance to
   * be first, but for a few minutes only: one of them may fail for days.
   */
  function readyAt(kind: Kind, { dueAt }: Pick<Gathered, 'dueAt'>): number {
    const own = Math.max(dueAt, records[kind].pausedUntil);
    if (kind !== 'everything') return own;
    return Math.max(own, Math.min(records.names.pausedUntil, dueAt + LONGEST_PAUSE_MS));
  }

  /** What is due by now, taken out. */
  function takeDue(kinds: readonly Kind[]): [Kind, Gathered][] {
    const now = Date.now();
    return kinds.flatMap((kind): [Kind, Gathered][] => {
      const gathered = waiting.get(kind);
      if (gathered === undefined || readyAt(kind, gathered) > now) return [];
      waiting.delete(kind);
      return [[kind, gathered]];
    });
  }

  // Timers are made in the hook's own context: without this a run would inherit the request and its transaction.
  const wake = AsyncResource.bind(() => {
    timer = undefined;
    if (!busy) void drain();
    else if (isLookingAtAll) beside ??= drainBeside();
  });

  /** What may be carried out now. */
  function openKinds(): readonly Kind[] {
    if (!busy) return KINDS;
    return isLookingAtAll && beside === undefined ? FILES : [];
  }

  function schedule(): void {
    const open = [...waiting].filter(([kind]) => openKinds().includes(kind));
    if (stopped || open.length === 0) return;
    const at = Math.min(...open.map(([kind, gathered]) => readyAt(kind, gathered)));
    if (timer !== undefined && timer.at <= at) return;
    clearTimeout(timer?.handle);
    timer = { handle: setTimeout(wake, Math.max(0, at - Date.now())).unref(), at };
  }

  async function carryOut(wish: Wish): Promise<WishOutcome> {
    try {
      return await options.carryOut(wish);
    } catch (error) {
      options.onError(error);
      return 'again';
    }
  }

  /** Notes how it went, and the wish once more where it is not done. */
  function follow(kind: Kind, wish: Wish, outcome: WishOutcome): void {
    const record = records[kind];
    const now = Date.now();
    const left = typeof outcome === 'object' ? outcome.left : outcome === 'unsettled' ? wish : undefined;
    record.failures = outcome === 'again' ? record.failures + 1 : 0;
    record.unsettled = left === undefined ? 0 : record.unsettled + 1;
    record.pausedUntil = outcome === 'again' ? now + pauseAfter(record.failures) : 0;
    if (outcome === 'again') note(wish, now);
    if (left !== undefined) note(left, now + pauseAfter(record.unsettled));
    if (outcome === 'wait') {
      note(wish, now);
      for (const one of KINDS) records[one].pausedUntil = Math.max(records[one].pausedUntil, now + FIRST_PAUSE_MS);
    }
  }

  /**
   * What was deleted by name and waits is handed to a run of everything, to do that first: it would look as if it were
   * merely missing.
   */
  function withDeleted(wish: Wish): Wish {
    const deleted = waiting.get('names')?.deleted;
    return deleted === undefined ? wish : { ...wish, deleted };
  }

  async function carryOutAll(due: readonly [Kind, Gathered][]): Promise<void> {
    for (const [kind, gathered] of due) {
      if (stopped) continue;
      const wish = gathered.toWish();
      if (readyAt(kind, gathered) > Date.now()) {
        note(wish, gathered.dueAt);
        continue;
      }
      isLookingAtAll ||= kind === 'everything';
      if (isLookingAtAll) schedule();
      follow(kind, wish, await carryOut(kind === 'everything' ? withDeleted(wish) : wish));
    }
  }

  async function drain(): Promise<void> {
    busy = true;
    // What comes meanwhile gathers again: this round takes what was there when it began.
    await carryOutAll(takeDue(KINDS));
    isLookingAtAll = false;
    await beside;
    busy = false;
    schedule();
  }

  /** An editor's files do not wait until everything is looked at. */
  async function drainBeside(): Promise<void> {
    await carryOutAll(takeDue(FILES));
    beside = undefined;
    schedule();
  }

  return {
    add(wish) {
      if (stopped) return;
      note(wish, Date.now() + options.coalesceMs(wish));
      schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer?.handle);
      timer = undefined;
      waiting.clear();
    },
  };
}

function newRecord(): Record {
  return { failures: 0, unsettled: 0, pausedUntil: 0 };
}

/** Milliseconds to wait after so many failures in a row. */
export function pauseAfter(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
}

function kindOf({ uploads, keys, changes }: Wish): Kind {
  if (changes !== undefined) return 'changes';
  return uploads === undefined && keys === undefined ? 'everything' : 'names';
}
