import fc from 'fast-check';
import type { Conditions, Fault } from './MemoryBucket';

/**
 * What an editor does. Numbers name instances and keys, modulo how many there are; a key that is deleted, touched or
 * renamed is one of those that are there.
 */
export type Quick =
  | { do: 'write'; instance: number; key: number; size: 'short' | 'long'; skewMs: number; inPlace: boolean }
  | { do: 'write-again'; instance: number; key: number }
  | { do: 'delete'; instance: number; key: number }
  | { do: 'touch'; instance: number; key: number; skewMs: number }
  | { do: 'rename'; instance: number; key: number; to: number };

/** A sync, undisturbed. */
export type Sync =
  | { do: 'whole'; instance: number }
  | { do: 'local'; instance: number }
  | { do: 'media-events'; instance: number }
  | { do: 'deliver'; instance: number }
  | { do: 'deliver-again'; instance: number; pick: number };

/** What goes wrong in one sync, or happens meanwhile. */
export interface Trouble {
  faults: Fault[];
  crashAt?: number;
  /** `isHere`: it is the process that syncs which does it. */
  interrupt?: { at: number; what: Quick | Sync; isHere?: boolean };
}

export type Disaster =
  | { do: 'lose-base'; instance: number }
  | { do: 'lose-files'; instance: number }
  | { do: 'lose-media-file'; instance: number; key: number }
  | { do: 'lose-all'; instance: number }
  | { do: 'take-image'; instance: number }
  | { do: 'boot-image'; instance: number }
  | { do: 'restore-image'; instance: number; isWhole: boolean };

export type Action = Quick | Disaster | { do: 'sync'; sync: Sync; trouble: Trouble };

export interface History {
  instances: number;
  conditions: Conditions;
  /** A small limit for deletes, so that the guard has work. */
  tight: boolean;
  /** Everything is everywhere at the start. */
  startsFull: boolean;
  actions: Action[];
}

const instance = fc.nat(3);
const key = fc.nat(6);
const HOUR_MS = 3_600_000;
const skewMs = fc.constantFrom(0, 0, HOUR_MS, -HOUR_MS);

const quick: fc.Arbitrary<Quick> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write'),
      instance,
      key,
      size: fc.constantFrom('short', 'short', 'long'),
      skewMs,
      inPlace: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write-again'), instance, key }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('delete'), instance, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('touch'), instance, key, skewMs }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename'), instance, key, to: key }) },
);

const sync: fc.Arbitrary<Sync> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('whole'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('local'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('media-events'), instance }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver-again'), instance, pick: fc.nat(63) }) },
);

/** Of files by name: may go on beside a run that looks at more. */
const filesSync: fc.Arbitrary<Sync> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('media-events'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deliver-again'), instance, pick: fc.nat(63) }) },
);

const fault: fc.Arbitrary<Fault> = fc.record({
  at: fc.oneof(fc.nat(6), fc.nat(20)),
  kind: fc.constantFrom('busy', 'conflict', 'forbidden', 'lost-answer', 'retried', 'cut', 'unordered'),
});

// Most runs are short; the first one of an instance probes the store.
const step = fc.oneof(fc.nat(8), fc.nat(20), fc.nat(45));

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Trouble>({ faults: [] }) },
  { weight: 2, arbitrary: fc.record({ faults: fc.constant<Fault[]>([]), crashAt: step }) },
  { weight: 2, arbitrary: fc.record({ faults: fc.array(fault, { minLength: 1, maxLength: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      faults: fc.constant<Fault[]>([]),
      interrupt: fc.record({ at: step, what: fc.oneof(quick, sync) }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        faults: fc.array(fault, { maxLength: 2 }),
        crashAt: step,
        interrupt: fc.record({ at: step, what: filesSync, isHere: fc.constant(true) }),
      },
      { requiredKeys: ['faults', 'interrupt'] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      faults: fc.array(fault, { maxLength: 2 }),
      crashAt: step,
      interrupt: fc.record({ at: step, what: fc.oneof(quick, sync) }),
    }),
  },
);

const troubledSync = fc.record({ do: fc.constant('sync'), sync, trouble });

const disaster: fc.Arbitrary<Disaster> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose-base'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-files'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-media-file'), instance, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-all'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take-image'), instance }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('boot-image'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore-image'), instance, isWhole: fc.boolean() }) },
);

const settings = {
  conditions: fc.constantFrom<Conditions[]>('all', 'all', 'not-on-delete', 'not-on-delete', 'ignored', 'refused'),
  tight: fc.constantFrom(false, false, true),
  startsFull: fc.boolean(),
};

const servers = { instances: fc.constantFrom(1, 2, 2, 3, 3, 4), ...settings };
const length = { minLength: 5, maxLength: 25, size: 'max' } as const;

/** Histories of one to four servers in MULTI mode, without disasters: there the outcome is known the most exactly. */
export const multiHistory: fc.Arbitrary<History> = fc.record({
  ...servers,
  actions: fc.array(fc.oneof({ weight: 5, arbitrary: quick }, { weight: 6, arbitrary: troubledSync }), length),
});

/** The same with lost bases, lost files, both, and servers booted from old images. */
export const disastrousHistory: fc.Arbitrary<History> = fc.record({
  ...servers,
  actions: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: quick },
      { weight: 10, arbitrary: troubledSync },
      { weight: 3, arbitrary: disaster },
    ),
    length,
  ),
});

const singleSync: fc.Arbitrary<Sync> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('whole'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('local'), instance }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('media-events'), instance }) },
);

/** Histories of one server in SINGLE mode. */
export const singleHistory: fc.Arbitrary<History> = fc.record({
  instances: fc.constant(1),
  ...settings,
  actions: fc.array(
    fc.oneof(
      { weight: 8, arbitrary: quick },
      { weight: 10, arbitrary: fc.record({ do: fc.constant('sync'), sync: singleSync, trouble }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-base'), instance }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('lose-files'), instance }) },
    ),
    length,
  ),
});
