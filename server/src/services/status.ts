import type { RunAnswer, StatusAnswer } from '../routes/contract';
import type { ActivityService } from './activity';
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
  async function findRunning(): Promise<RunAnswer | undefined> {
    return runner.current() ?? (await runs.findRunning());
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
