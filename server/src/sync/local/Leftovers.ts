import { lstat, rm } from 'node:fs/promises';
import { asSyncError } from '../asSyncError';
import { errorCode } from '../errorCode';

/** A file that nobody has written to, moved or renamed for so long, in ms, is no download that goes on. */
const AT_REST_MS = 60 * 60_000;

/** More of them are left to the next run. */
const AT_A_TIME = 1_000;

/** Temporary files that killed downloads left behind. */
export class Leftovers {
  #paths: string[] = [];

  /** Notes a temporary file; whether anybody is still writing it turns out later. */
  readonly note = (path: string): void => {
    if (this.#paths.length < AT_A_TIME) this.#paths.push(path);
  };

  /**
   * Removes those that are surely nobody's any more: also another process, or a host that shares the disk, may be
   * writing one. A file's own time is set by whoever made it, so the time of its last change of any kind counts.
   * @throws {SyncError} where one cannot be removed.
   */
  async remove(): Promise<void> {
    const paths = this.#paths;
    this.#paths = [];
    for (const path of paths) {
      try {
        const { ctimeMs } = await lstat(path);
        if (Date.now() - ctimeMs > AT_REST_MS) await rm(path, { force: true });
      } catch (error) {
        // It found its place meanwhile.
        if (errorCode(error) !== 'ENOENT') throw asSyncError(error, path);
      }
    }
  }
}
