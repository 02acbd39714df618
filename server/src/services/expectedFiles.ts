import { countFiles } from '../commands/countFiles';
import type { RunAnswer, TriggerName } from '../routes/contract';
import { createKeyFilter } from '../sync/KeyFilter';
import type { SettingsService } from './settings';

/** What asks for runs over single keys: the number of all files says nothing of how far they are. */
const SINGLE_KEYS: readonly TriggerName[] = ['media', 'feed', 'trash'];

/** Tells how many files a run will look at. */
export type ExpectedFiles = (run: RunAnswer) => number | undefined;

/**
 * Counts the files of the directory once for each run that somebody watches, beside the run: it is asked for with each
 * poll, and the number is there once it is known.
 */
export function createExpectedFiles(settings: SettingsService): ExpectedFiles {
  let runId: number | undefined;
  let files: number | undefined;
  let counting = new AbortController();

  async function count(id: number): Promise<void> {
    counting.abort();
    counting = new AbortController();
    const { signal } = counting;
    const { places, settings: values } = await settings.read();
    const counted = await countFiles(places.directory, createKeyFilter(values), signal);
    if (runId === id && !signal.aborted) files = counted;
  }

  return ({ id, trigger }) => {
    if (SINGLE_KEYS.includes(trigger)) return undefined;
    if (runId !== id) {
      runId = id;
      files = undefined;
      // Without a count there is no time left to tell, and that is all.
      count(id).catch(() => undefined);
    }
    return files;
  };
}
