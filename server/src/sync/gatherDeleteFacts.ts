import type { Base, BaseFacts, PlannedDelete } from './base/Base';
import type { FolderWatch } from './FolderWatch';
import type { DeleteFacts } from './guards';
import type { SyncOptions } from './SyncOptions';

const DAY_MS = 24 * 60 * 60 * 1000;

/** What a walk saw, as far as the deletes depend on it. */
export interface SeenByWalk {
  localFiles: number;
  remoteObjects: number;
  folders: FolderWatch;
}

export interface DeleteFactsInput {
  options: Pick<SyncOptions, 'mode' | 'maxDelete'>;
  base: Base;
  facts: BaseFacts;
  side: PlannedDelete['side'];
  /** Deletes that wait on that side. */
  deletes: number;
  /** `undefined` where there was no walk, and only `maxDelete` can be asked. */
  seen: SeenByWalk | undefined;
}

/** Puts together what the guards look at. */
export async function gatherDeleteFacts(input: DeleteFactsInput): Promise<DeleteFacts> {
  const { options, base, facts, side, deletes, seen } = input;
  const emptiedFolder = side === 'remote' ? seen?.folders.emptied() : undefined;
  const known = seen ?? (await countBase(base));
  return {
    side,
    localFiles: known.localFiles,
    remoteObjects: known.remoteObjects,
    deletes,
    recentDeletes: recentDeletes(facts)
      .filter((one) => one.side === side)
      .reduce((sum, { count }) => sum + count, 0),
    firstRun: seen !== undefined && !facts.trustedModes.includes(options.mode),
    maxDelete: options.maxDelete,
    ...(facts.replaced ? { replaced: true } : {}),
    ...(emptiedFolder ? { emptiedFolder } : {}),
    ...(side === 'remote' && facts.emptied ? { emptied: facts.emptied } : {}),
  };
}

/** The deletes, inferred from absence, of the last 24 hours. */
export function recentDeletes({ deletes }: BaseFacts): BaseFacts['deletes'] {
  return deletes.filter(({ at }) => at > Date.now() - DAY_MS);
}

/**
 * Counts what runs that were cut off have done: of the deletes that they had begun, those that do not wait again. In place.
 *
 * @param again deletes that wait now and had been begun before, on each side.
 */
export function closeCutOff(facts: BaseFacts, again: Readonly<Record<PlannedDelete['side'], number>>): void {
  const left = { ...again };
  facts.deletes = facts.deletes.flatMap(({ open, ...record }) => {
    if (open !== true) return [record];
    const undone = Math.min(record.count, left[record.side]);
    left[record.side] -= undone;
    return undone === record.count ? [] : [{ ...record, count: record.count - undone }];
  });
}

async function countBase(base: Base): Promise<Pick<SeenByWalk, 'localFiles' | 'remoteObjects'>> {
  let entries = 0;
  for await (const rows of base.entries()) entries += rows.length;
  return { localFiles: entries, remoteObjects: entries };
}
