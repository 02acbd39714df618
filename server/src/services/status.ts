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

  /** With the progress that only the process itself knows. */
  function withProgress(noted: RunAnswer | undefined): RunAnswer | undefined {
    const current = runner.current();
    if (current === undefined) return noted;
    const files = expectedFiles(current);
    return files === undefined ? current : { ...current, files };
  }

  return {
    async read() {
      const { problems, places, version } = await settings.read();
      const servers = await instances.list();
      const directoryId = servers.find(({ current }) => current)?.directoryId;
      const others = servers.filter((server) => server.alive && server.directoryId !== directoryId);
      const here = { directory: places.directory, ...(directoryId === undefined ? {} : { directoryId }) };
      const lastLook = activity.lastLook();
      const otherIds = [...new Set(others.map((server) => server.directoryId))];
      const { running: noted, ...recent } = await runs.recent(here, otherIds, lastLook);
      const running = withProgress(noted);
      const { lastRun, unresolved } = recent;
      const previewing = runner.previewing();
      return {
        problems,
        state: stepState({ problems, running, lastRun, unresolved, lastLook }),
        instances: servers,
        activity: activity.read(),
        totals: await counters.read(),
        ...(lastLook === undefined ? {} : { lastLook }),
        next: problems.length > 0 ? {} : schedule.next(),
        settingsVersion: version,
        ...(previewing === undefined ? {} : { previewing }),
        ...(running === undefined ? {} : { running }),
        ...recent,
      };
    },
  };
}
