import type { RunAnswer, StatusAnswer } from '../routes/contract';
import type { ActivityService } from './activity';
import { createExpectedFiles } from './expectedFiles';
import type { InstancesService } from './instances';
import type { RunnerService } from './runner';
import type { RunsService } from './runs';
import type { SettingsService } from './settings';

/** What the page shows of this moment. */
export interface StatusService {
  read(): Promise<StatusAnswer>;
}

/** Puts the status together from settings, runner, history and servers. */
export function createStatus(
  settings: SettingsService,
  runner: RunnerService,
  runs: RunsService,
  instances: InstancesService,
  activity: ActivityService,
): StatusService {
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
      return {
        problems,
        instances: await instances.list(),
        activity: activity.read(),
        ...(running === undefined ? {} : { running }),
        ...(lastRun === undefined ? {} : { lastRun }),
      };
    },
  };
}
