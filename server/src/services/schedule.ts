import type { ScheduleAnswer } from '../routes/contract';

/** Knows when this server will look at the files by itself. */
export interface ScheduleService {
  /** The triggers tell it, as long as they are there. */
  follow(next: () => ScheduleAnswer): void;
  next(): ScheduleAnswer;
}

/** Makes the service of one process; before the triggers start, nothing is planned. */
export function createSchedule(): ScheduleService {
  let followed = (): ScheduleAnswer => ({});
  return {
    follow(next) {
      followed = next;
    },
    next: () => followed(),
  };
}
