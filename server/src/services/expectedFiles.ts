import { countFiles } from '../commands/countFiles';
import type { RunAnswer, TriggerName } from '../routes/contract';
import { createKeyFilter, type KeyFilterOptions } from '../sync/KeyFilter';

/** What asks for runs over single keys: the number of all files says nothing of how far they are. */
const SINGLE_KEYS: readonly TriggerName[] = ['media', 'feed', 'trash'];

/** What is synced: an absolute path, and which of its files. */
type SyncedPlace = KeyFilterOptions & { directory: string };

/** Tells how many files a run will look at. */
export type ExpectedFiles = (run: RunAnswer) => number | undefined;

/**
 * Counts the files of the directory once for each run that somebody watches, beside the run: it is asked for with each
 * poll, and the number is there once it is known.
 *
 * @param readPlace asked once for each run.
 */
export function createExpectedFiles(readPlace: () => Promise<SyncedPlace>): ExpectedFiles {
  let runId: number | undefined;
  let files: number | undefined;
  let counting = new AbortController();

  async function count(id: number): Promise<void> {
    counting.abort();
    counting = new AbortController();
    const { signal } = counting;
    const { directory, include, exclude } = await readPlace();
    const counted = await countFiles(directory, createKeyFilter({ include, exclude }), signal);
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
