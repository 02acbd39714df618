import type { ContentHash } from './ContentHash';
import type { OpenFile } from './local/Local';

/** Reads parts in order, so that one pass gives both the parts and the hash of the whole. */
export class OrderedReader {
  readonly #file: OpenFile;
  readonly #hash: ContentHash;
  #previous: Promise<unknown> = Promise.resolve();

  constructor(file: OpenFile, hash: ContentHash) {
    this.#file = file;
    this.#hash = hash;
  }

  read(offset: number, length: number): Promise<Buffer> {
    const part = this.#previous.then(async () => {
      const bytes = await this.#file.read(offset, length);
      this.#hash.update(bytes);
      return bytes;
    });
    this.#previous = part.catch(() => undefined);
    return part;
  }
}
