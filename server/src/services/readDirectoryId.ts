import { openStateDirectory } from '../sync/base/StateDirectory';
import { SyncError } from '../sync/SyncError';

/**
 * The id of the directory that this state directory belongs to; both are made where they are new.
 *
 * @returns `undefined` where it cannot be opened: a run says then what is wrong.
 */
export async function readDirectoryId(stateDirectory: string): Promise<string | undefined> {
  try {
    return (await openStateDirectory(stateDirectory)).directoryId;
  } catch (error) {
    if (error instanceof SyncError) return undefined;
    throw error;
  }
}
