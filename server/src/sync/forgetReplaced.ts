import type { Base, BaseFacts } from './base/Base';
import { isReplaced, wasReplaced } from './isReplaced';
import type { Local } from './local/Local';
import type { SyncOptions, SyncScope } from './SyncOptions';

/** Inodes that are new again after so short a time, in ms, are not those of a second backup but of an odd file system. */
const INODES_HOLD_MS = 60 * 60_000;

export interface ReplacedInput {
  options: Pick<SyncOptions, 'mode' | 'filter'>;
  local: Local;
  base: Base;
  facts: BaseFacts;
}

/**
 * Whether base has nothing to say any more, because most files that it knows were replaced (a restored backup).
 * A run of single keys asks only where one of them was replaced itself.
 *
 * @throws {SyncError} as `isReplaced`.
 */
export async function isOutdated({ options, local, base, facts }: ReplacedInput, scope: SyncScope): Promise<boolean> {
  if (scope.kind === 'restore') return false;
  const inodesCount = facts.forgottenAt === undefined || Date.now() - facts.forgottenAt > INODES_HOLD_MS;
  if (scope.kind === 'keys') {
    // In SINGLE mode local wins, and what goes by name was meant to go.
    if (options.mode === 'SINGLE') return false;
    const keys = scope.keys.filter((key) => options.filter.matches(key));
    if (!(await isAnyReplaced(keys, local, base, inodesCount))) return false;
  }
  return isReplaced(base, local, inodesCount);
}

async function isAnyReplaced(
  keys: readonly string[],
  local: Local,
  base: Base,
  inodesCount: boolean,
): Promise<boolean> {
  for (const key of keys) {
    const entry = await base.get(key);
    // What cannot be looked at is told when its turn comes.
    const found = entry && (await local.stat(key).catch(() => undefined));
    if (found && wasReplaced(found, entry, inodesCount)) return true;
  }
  return false;
}

/** Makes the facts those of a pair that nothing is known of, but for what guards and claims rest on. In place. */
export function forgetFacts(facts: BaseFacts): void {
  facts.trustedModes = [];
  facts.reconciled = false;
  facts.forgottenAt = Date.now();
  facts.replaced = true;
  delete facts.feedPosition;
}
