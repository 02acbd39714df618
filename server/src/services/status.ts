import type { RunAnswer, StatusAnswer } from '../routes/contract';
import type { Services } from '.';
import { createExpectedFiles } from './expectedFiles';
import { stepState } from './stepState';

/** What the page shows of this moment. */
export interface StatusService {
  read(): Promise<StatusAnswer>;
}

/** What the status is put together from. */
type Parts = Pick<Services, 'settings' | 'runner' | 'runs' | 'instances' | 'activity' | 'counters' | 'schedule'>;

/** Puts the status together from settings, runner, history, servers and counters. */
export function createStatus(parts: Parts): StatusService {
  const { settings, runner, runs, instances, activity, counters, schedule } = parts;
  const expectedFiles = createExpectedFiles(async () => {
    const { places, settings: values } = await settings.read();
    return { directory: places.directory, include: values.include, exclude: values.exclude };
  });

  async function findRunning(): Promise<RunAnswer | undefined> {
    const current = runner.current();
    if (current === undefined) return runs.findRunning();
    const files = expectedFiles(current);
    return files === undefined ? current : { ...current, files };
  }

  return {
    async read() {
      await runs.interruptDead();
      const { problems } = await settings.read();
      const running = await findRunning();
      const lastRun = await runs.findLast();
      const lastLook = activity.lastLook();
      return {
        problems,
        state: stepState({ problems, running, lastRun, lastLook }),
        instances: await instances.list(),
        activity: activity.read(),
        totals: await counters.read(),
        ...(lastLook === undefined ? {} : { lastLook }),
        next: problems.length > 0 ? {} : schedule.next(),
        ...(running === undefined ? {} : { running }),
        ...(lastRun === undefined ? {} : { lastRun }),
      };
    },
  };
}
