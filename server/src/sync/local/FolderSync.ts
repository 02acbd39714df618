import { setTimeout as sleep } from 'node:timers/promises';
import { SharedWork } from '../SharedWork';
import { syncPath } from './syncPath';

/** Milliseconds for which names are gathered: in that time a few more files of the same folder come. */
const GATHER_MS = 10;

/** Brings the names in a folder to the disk: without it, a file may be there after a power cut and its name not. */
export class FolderSync {
  readonly #folders = new Map<string, SharedWork<void>>();

  /**
   * Ends when every name that was in the folder at the time of the call is on the disk. Many calls share few writes.
   * @param path absolute path of the folder.
   * @throws what the file system throws.
   */
  async sync(path: string): Promise<void> {
    const work =
      this.#folders.get(path) ??
      new SharedWork(
        () => syncPath(path),
        () => sleep(GATHER_MS),
      );
    this.#folders.set(path, work);
    try {
      await work.run();
    } finally {
      if (work.isIdle) this.#folders.delete(path);
    }
  }
}
