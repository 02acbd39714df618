import type { Base, PlannedDelete } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import type { Decision, RemoteSide } from './decide';
import { fetchObject } from './fetchObject';
import type { KeyResult, KeyWorker, Outcome } from './KeyWorker';
import type { Local } from './local/Local';
import type { LocalWriter } from './local/LocalWriter';
import { isLostRace, lostRace } from './lostRace';
import type { KeySides } from './mergeSides';
import { decideRestore } from './decideRestore';

/** Times that an object which was replaced meanwhile is fetched again. */
const ATTEMPTS = 5;

export interface RestoreOptions {
  local: Local;
  writer: LocalWriter;
  bucket: Bucket;
  base: Base;
  signal?: AbortSignal;
  onBytes: (bytes: number) => void;
}

/** Brings files back that are in the bucket and not here, in both modes. Changes nothing else, on either side. */
export class RestoreWorker implements KeyWorker {
  readonly #options: RestoreOptions;

  constructor(options: RestoreOptions) {
    this.#options = options;
  }

  async look(key: string): Promise<KeySides> {
    const { local, bucket, base, signal } = this.#options;
    const [here, head, known] = await Promise.all([local.stat(key), bucket.head(key, signal), base.get(key)]);
    const remote = head && { key, size: head.size, etag: head.etag, lastModifiedMs: head.lastModifiedMs };
    return { kind: 'key', key, local: here, remote, base: known, unknown: false };
  }

  async preview(sides: KeySides): Promise<Decision> {
    return decideRestore(sides);
  }

  async perform(first: KeySides): Promise<Outcome> {
    let sides = first;
    for (let attempt = 1; ; attempt += 1) {
      const { key, remote } = sides;
      if (decideRestore(sides).action === 'none' || !remote) return { kind: 'unchanged' };
      try {
        await this.#download(key, remote);
        return { kind: 'downloaded' };
      } catch (error) {
        // A file that came up here meanwhile stays; an object that was replaced is fetched anew.
        if (!isLostRace(error) || attempt === ATTEMPTS) throw error;
        sides = await this.look(key);
      }
    }
  }

  async performDeletes(deletes: readonly PlannedDelete[]): Promise<KeyResult[]> {
    return deletes.map(({ key }) => ({ key, error: lostRace(key) }));
  }

  async #download(key: string, remote: RemoteSide): Promise<void> {
    const { base, writer } = this.#options;
    await writer.makeWay(key);
    const { temporary, md5 } = await fetchObject(this.#options, key, remote.etag);
    try {
      await base.begin([key], {
        action: 'download',
        at: Date.now(),
        file: { ...temporary.file, etag: remote.etag, md5 },
      });
      const fingerprint = await writer.place(key, temporary, undefined, 'overwritten');
      await base.settle([{ key, entry: { fingerprint, racy: false, etag: remote.etag, md5 } }]);
    } finally {
      await writer.discard(temporary);
    }
  }
}
