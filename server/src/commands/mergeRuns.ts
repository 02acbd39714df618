import type { SyncAnswer } from './contract';

/**
 * Adds up two runs that one command has made: the first was refused, the second was told to go on.
 * What the second one says of the end counts; what the first one has done, and what failed in it, stays done.
 */
export function mergeRuns(first: SyncAnswer, second: SyncAnswer): SyncAnswer {
  const requests = { ...first.run.requests };
  for (const [kind, count] of Object.entries(second.run.requests)) requests[kind] = (requests[kind] ?? 0) + count;
  const sum = (name: 'uploaded' | 'downloaded' | 'deletedRemote' | 'deletedLocal' | 'conflicts' | 'bytes'): number =>
    first.run[name] + second.run[name];
  return {
    run: {
      ...second.run,
      uploaded: sum('uploaded'),
      downloaded: sum('downloaded'),
      deletedRemote: sum('deletedRemote'),
      deletedLocal: sum('deletedLocal'),
      conflicts: sum('conflicts'),
      bytes: sum('bytes'),
      durationMs: (first.run.durationMs ?? 0) + (second.run.durationMs ?? 0),
      requests,
    },
    // What failed in the first run was tried again in the second; conflicts were settled and do not come back.
    failures: [...first.failures.filter(({ code }) => code === 'CONFLICT'), ...second.failures],
  };
}
