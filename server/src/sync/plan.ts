import type { Base, Intent } from './base/Base';
import type { RemoteObject } from './bucket/Bucket';
import { checkKey } from './checkKey';
import { decide, type Decision, type Mode } from './decide';
import { decideRestore } from './decideRestore';
import type { KeyFilter } from './KeyFilter';
import type { Local } from './local/Local';
import { lastAgreed } from './lastAgreed';
import { mergeSides, type KeySides, type Merged } from './mergeSides';
import { SyncError } from './SyncError';

const DOT_NAME = /(^|\/)\.\.?(\/|$)/;
const DOT_NAMES = /(?<=^|\/)\.\.?(?=\/|$)/g;

/** One key and what is to be done about it, or a key of which nothing may be concluded, on the side where it is. */
export type Planned =
  | { kind: 'key'; sides: KeySides; decision: Decision }
  | { kind: 'problem'; side: 'local' | 'remote'; failure: SyncError };

export interface PlanInput {
  mode: Mode | 'RESTORE';
  filter: KeyFilter;
  local: Local;
  /** Pages of a listing, ascending by key; `as-base` where the bucket is taken to be as base says. */
  listing: AsyncIterable<RemoteObject[]> | 'as-base';
  base: Pick<Base, 'entries'>;
  /** Operations that were begun and never settled. */
  unsettled: ReadonlyMap<string, Intent>;
  signal?: AbortSignal;
}

/**
 * Plans a whole run, key by key in order, as the sides come in, in batches. Keys that are unknown locally get no
 * operation.
 * @throws what the sides throw.
 */
export async function* plan(input: PlanInput): AsyncIterable<Planned[]> {
  const unsafe: SyncError[] = [];
  const { listing, filter } = input;
  const merged = mergeSides({
    local: input.local.walk(filter, input.signal),
    remote: listing === 'as-base' ? listing : matchingObjects(listing, filter, (failure) => unsafe.push(failure)),
    base: input.base.entries(),
  });
  const takeUnsafe = (): Planned[] => unsafe.splice(0).map((failure) => ({ kind: 'problem', side: 'remote', failure }));
  for await (const batch of merged) yield [...takeUnsafe(), ...batch.map((item) => planOne(input, item))];
  if (unsafe.length > 0) yield takeUnsafe();
}

function planOne(input: PlanInput, item: Merged): Planned {
  if (item.kind === 'problem') return { kind: 'problem', side: 'local', failure: item.problem.failure };
  const intent = input.unsettled.get(item.key);
  const sides = intent ? { ...item, base: lastAgreed(item.base, intent, item.remote, item.local) } : item;
  return { kind: 'key', sides, decision: decideKey(input, sides) };
}

function decideKey({ mode }: PlanInput, sides: KeySides): Decision {
  if (sides.unknown) return { action: 'none', row: 'unknown', expect: 'anything' };
  if (mode === 'RESTORE') return decideRestore(sides);
  return decide(mode, sides);
}

async function* matchingObjects(
  pages: AsyncIterable<RemoteObject[]>,
  filter: KeyFilter,
  onUnsafe: (failure: SyncError) => void,
): AsyncIterable<RemoteObject[]> {
  for await (const page of pages) {
    yield page.filter((object) => {
      if (!filter.matches(withOrdinaryNames(object.key))) return false;
      const reason = checkKey(object.key);
      if (!reason) return true;
      // The AWS console makes such empty objects to show folders: there is no content to miss.
      if (!(object.size === 0 && object.key.endsWith('/'))) onUnsafe(unsafeObject(object.key, reason));
      return false;
    });
  }
}

/** Globs take no folder named `.` or `..`; such a key is meant where it would be meant with any other name. */
function withOrdinaryNames(key: string): string {
  return DOT_NAME.test(key) ? key.replaceAll(DOT_NAMES, 'x') : key;
}

function unsafeObject(key: string, reason: string): SyncError {
  return new SyncError('UNSAFE_KEY', {
    message: `The object ${key} in the bucket cannot be a file here: ${reason}. It was left alone.`,
    fix: 'Rename or delete the object in the bucket, or exclude it.',
    key,
  });
}
