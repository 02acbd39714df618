import { UNASKED_DELETES } from './guards';

/** How deep a folder counts as one that a disk could be mounted on: `build/`, `uploads/2024/`. */
const DEPTH = 2;

interface Folder {
  name: string;
  kept: number;
  deletes: number;
}

/**
 * Notices folders that lost all of their files, while keys come by in order; holds one folder for each depth.
 */
export class FolderWatch {
  readonly #open: (Folder | undefined)[] = [];
  #emptied: Folder | undefined;

  /**
   * @param what `kept`: the key is here, or may be; `deleted`: it is only in the bucket; `other`: it says nothing.
   */
  see(key: string, what: 'kept' | 'deleted' | 'other'): void {
    let end = -1;
    for (let depth = 0; depth < DEPTH; depth++) {
      end = key.indexOf('/', end + 1);
      if (end < 0) {
        this.#leaveFrom(depth);
        return;
      }
      let folder = this.#open[depth];
      if (folder === undefined || folder.name.length !== end || !key.startsWith(folder.name)) {
        this.#leaveFrom(depth);
        folder = { name: key.slice(0, end), kept: 0, deletes: 0 };
        this.#open[depth] = folder;
      }
      if (what === 'kept') folder.kept += 1;
      if (what === 'deleted') folder.deletes += 1;
    }
  }

  /** The first folder that lost all of its more than ten files; call it after the last key. */
  emptied(): { name: string; deletes: number } | undefined {
    this.#leaveFrom(0);
    return this.#emptied && { name: this.#emptied.name, deletes: this.#emptied.deletes };
  }

  #leaveFrom(depth: number): void {
    for (const folder of this.#open.splice(depth)) {
      if (folder && folder.kept === 0 && folder.deletes > UNASKED_DELETES) this.#emptied ??= folder;
    }
  }
}
