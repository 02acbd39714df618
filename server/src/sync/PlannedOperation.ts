import type { PlanCause } from './planCause';

/** What a sync does to a file. */
export type PlannedAction = 'upload' | 'download' | 'delete-remote' | 'delete-local' | 'conflict';

/** One thing that a sync would do. */
export interface PlannedOperation {
  key: string;
  action: PlannedAction;
  /** Why, for programs. */
  cause: PlanCause;
  /** Why, in a few plain words. */
  reason: string;
  /** Bytes. */
  size: number;
}
