import type { Base, Intent } from './base/Base';
import type { RemoteObject } from './bucket/Bucket';
import { checkKey } from './checkKey';
import { decide, type Decision, type Mode } from './decide';
import { decideRestore } from './decideRestore';
import type { KeyFilter } from './KeyFilter';
import type { Local } from './local/Local';
import { lastAgreed } from './lastAgreed';
import { mergeSides, type KeySides } from './mergeSides';
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
  /** Pages of a listing, ascending by key. */
  listing: AsyncIterable<RemoteObject[]>;
  base: Pick<Base, 'entries'>;
  /** Operations that were begun and never settled. */
  unsettled: ReadonlyMap<string, Intent>;
  signal?: AbortSignal;
}

/**
 * Plans a whole run, key by key in order, as the sides come in. Keys that are unknown locally get no operation.
 * @throws what the sides throw.
 */
export async function* plan(input: PlanInput): AsyncIterable<Planned> {
  const unsafe: SyncError[] = [];
  const merged = mergeSides({
    local: input.local.walk(input.filter, input.signal),
    remote: matchingObjects(input.listing, input.filter, (failure) => unsafe.push(failure)),
    base: input.base.entries(),
  });
  for await (const item of merged) {
    for (const failure of unsafe.splice(0)) yield { kind: 'problem', side: 'remote', failure };
    if (item.kind === 'problem') {
      yield { kind: 'problem', side: 'local', failure: item.problem.failure };
    } else {
      const sides = { ...item, base: lastAgreed(item.base, input.unsettled.get(item.key), item.remote, item.local) };
      yield { kind: 'key', sides, decision: decideKey(input, sides) };
    }
  }
  for (const failure of unsafe) yield { kind: 'problem', side: 'remote', failure };
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
