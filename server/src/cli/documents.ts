import type { PlanAnswer, SyncAnswer } from '../commands/contract';
import type { PlannedOperation } from '../sync/PlannedOperation';
import type { KeyFailure, Refusal } from '../sync/SyncReport';

/** The document of `sync --json` and `restore --json`. */
export function toSyncDocument({ run, failures }: SyncAnswer) {
  const { id, mode, status, uploaded, downloaded, deletedRemote, deletedLocal } = run;
  const { bytes, durationMs = 0, requests, refused, error } = run;
  return {
    id,
    mode: mode ?? null,
    status,
    uploaded,
    downloaded,
    deletedRemote,
    deletedLocal,
    conflicts: failures.filter(({ code }) => code === 'CONFLICT').map(toKeyDocument),
    failed: failedOf({ run, failures }).map(toKeyDocument),
    bytes,
    durationMs,
    requests,
    ...(refused === undefined ? {} : { refused: toRefusalDocument(refused) }),
    ...(error === undefined ? {} : { error }),
  };
}

/**
 * The keys that were not brought in step. What a guard withheld is told by `refused`; a delete withheld by itself, since
 * the Media Library still names the file, stands here.
 */
export function failedOf({ run, failures }: SyncAnswer): KeyFailure[] {
  return failures.filter(({ code }) => code !== 'CONFLICT' && (code !== 'WITHHELD' || run.refused === undefined));
}

/** The document of `sync --dry-run --json`. */
export function toPlanDocument({ report }: PlanAnswer, operations: readonly PlannedOperation[]) {
  const { mode, refused, error } = report;
  return {
    mode,
    operations: operations.map(({ key, action, reason, size }) => ({ key, action, reason, size })),
    ...(refused === undefined ? {} : { refused: toRefusalDocument(refused) }),
    ...(error === undefined ? {} : { error }),
  };
}

function toKeyDocument({ key, code, message }: KeyFailure) {
  return { key, code, message };
}

function toRefusalDocument({ guard, count, limit }: Refusal) {
  return { guard, count, limit };
}
