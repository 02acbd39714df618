import { createHash } from 'node:crypto';
import { asSyncError } from './asSyncError';
import type { Base, BaseEntry, PlannedDelete } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import { ContentHash } from './ContentHash';
import { contentTypeOf } from './contentTypeOf';
import { decide, type Decision, type RemoteSide } from './decide';
import type { Fingerprint } from './Fingerprint';
import { hashFile } from './hashFile';
import type { KeyResult, KeyWorker, Outcome, PerformOptions } from './KeyWorker';
import type { Local } from './local/Local';
import type { KeySides } from './mergeSides';
import { toMtimeMetadata } from './modificationTime';
import { OrderedReader } from './OrderedReader';
import { provesEqual, type ContentDigest } from './provesEqual';
import { readSettled, type SettledFile } from './readSettled';
import { SyncError } from './SyncError';
import { SMALL_FILE } from './transferWeight';

/** Files looked at together before their objects are deleted. */
const LOOKS_AT_A_TIME = 64;

export interface SingleOptions {
  local: Local;
  bucket: Bucket;
  base: Base;
  signal?: AbortSignal;
  /** Which keys a database row still names: their deletes are withheld. */
  referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Milliseconds for which nothing may have touched a file, so that half a file is not uploaded. */
  settleMs: number;
  /** Called before each write to the bucket; it throws where nothing may be written. */
  beforeWrite: () => Promise<void>;
  /** Told of bytes as the store has taken them. */
  onBytes: (bytes: number) => void;
}

/** A file that is to be in the bucket. */
interface TransferInput {
  key: string;
  remote: RemoteSide | undefined;
  base: BaseEntry | undefined;
}

/** Does the operations of SINGLE mode: local wins, and nobody else writes to the bucket. */
export class SingleWorker implements KeyWorker {
  readonly #options: SingleOptions;

  constructor(options: SingleOptions) {
    this.#options = options;
  }

  /** What base knows stands for the bucket. */
  async look(key: string): Promise<KeySides> {
    const { local, base } = this.#options;
    const [here, known] = await Promise.all([local.stat(key), base.get(key)]);
    const remote = known && { key, size: known.fingerprint.size, etag: known.etag, lastModifiedMs: 0 };
    return { kind: 'key', key, local: here, remote, base: known, unknown: false };
  }

  async preview(sides: KeySides): Promise<Decision> {
    const { local, signal, settleMs } = this.#options;
    const { key, remote } = sides;
    const decision = decide('SINGLE', sides);
    if (decision.action !== 'compare') return decision;
    return readSettled(local, key, { settleMs, signal }, async ({ file, fingerprint }, verify) => {
      const digest = await hashFile(file, fingerprint.size, remote?.etag, signal);
      await verify();
      const sha256 = fingerprint.size <= SMALL_FILE ? digest.sha256 : undefined;
      return this.#decide(sides, fingerprint, digest, sha256);
    });
  }

  /**
   * Brings a local file's content to the bucket, unless it proves to be there already.
   * The file is looked at anew: what the walk saw may be old by now.
   */
  async perform(sides: KeySides, { byName }: PerformOptions): Promise<Outcome> {
    const { key, local: here } = sides;
    if (!here) {
      // By name, the object may be there although base does not know it: an upload that nobody noted.
      if (sides.remote || byName) return { kind: 'to-delete', side: 'remote', size: sides.remote?.size ?? 0 };
      await this.#options.base.settle([{ key, entry: undefined }]);
      return { kind: 'unchanged' };
    }
    return this.#transfer(sides, here, byName ? 0 : this.#options.settleMs);
  }

  async #transfer(input: TransferInput, seen: Fingerprint, settleMs: number): Promise<Outcome> {
    const { local, signal } = this.#options;
    try {
      return await readSettled(local, input.key, { settleMs, signal, seen }, (file, verify) =>
        file.fingerprint.size <= SMALL_FILE
          ? this.#transferSmall(input, file, verify)
          : this.#transferLarge(input, file, verify),
      );
    } catch (error) {
      const isGone = error instanceof SyncError && error.code === 'LOCAL_CHANGED';
      if (isGone && (await local.stat(input.key)) === undefined) return { kind: 'vanished' };
      throw error;
    }
  }

  /** Deletes objects whose files are absent. A file that came back meanwhile keeps its object. */
  async performDeletes(deletes: readonly PlannedDelete[], { onBegun }: PerformOptions): Promise<KeyResult[]> {
    const { bucket, base, local, signal, referenced } = this.#options;
    const named = await referenced(deletes.map(({ key }) => key));
    const results: KeyResult[] = [];
    const absent: string[] = [];
    const look = async (key: string): Promise<void> => {
      try {
        if (named.has(key)) results.push({ key, outcome: { kind: 'withheld' } });
        else if ((await local.stat(key)) === undefined) absent.push(key);
        else results.push({ key, outcome: { kind: 'unchanged' } });
      } catch (error) {
        results.push({ key, error: asSyncError(error, key) });
      }
    };
    for (let at = 0; at < deletes.length; at += LOOKS_AT_A_TIME) {
      await Promise.all(deletes.slice(at, at + LOOKS_AT_A_TIME).map(({ key }) => look(key)));
    }
    if (absent.length === 0) return results;

    await this.#options.beforeWrite();
    await base.begin(absent, { action: 'delete-remote', at: Date.now() });
    await onBegun?.(absent.length);
    const outcomes = await bucket.delete(absent, signal);
    const deleted = outcomes.filter(({ error }) => !error);
    await base.settle(deleted.map(({ key }) => ({ key, entry: undefined })));
    for (const { key, error } of outcomes) {
      results.push(error ? { key, error } : { key, outcome: { kind: 'deleted-remote' } });
    }
    return results;
  }

  async #transferSmall(
    input: TransferInput,
    { file, fingerprint, racy }: SettledFile,
    verify: () => Promise<void>,
  ): Promise<Outcome> {
    const { bucket, base, signal, onBytes } = this.#options;
    const body = await file.read(0, fingerprint.size);
    await verify();
    const hash = new ContentHash(fingerprint.size, input.remote?.etag);
    hash.update(body);
    const digest = hash.digest();
    const sha256 = createHash('sha256').update(body).digest('hex');
    const entryFor = (etag: string): BaseEntry => ({ fingerprint, etag, md5: digest.md5, racy });

    const decision = await this.#decide(input, fingerprint, digest, sha256);
    if (decision.action === 'adopt' && input.remote) return this.#adopt(input.key, entryFor(input.remote.etag));

    await this.#options.beforeWrite();
    await base.begin([input.key], { action: 'upload', at: Date.now() });
    const { etag } = await bucket.put({
      key: input.key,
      body,
      md5: digest.md5,
      sha256,
      contentType: contentTypeOf(input.key),
      metadata: { mtime: toMtimeMetadata(fingerprint.mtimeNs), sha256 },
      signal,
    });
    onBytes(body.length);
    await base.settle([{ key: input.key, entry: entryFor(etag) }]);
    return { kind: 'uploaded' };
  }

  async #transferLarge(
    input: TransferInput,
    { file, fingerprint, racy }: SettledFile,
    verify: () => Promise<void>,
  ): Promise<Outcome> {
    const { bucket, base, signal, onBytes } = this.#options;
    const { size } = fingerprint;
    if (input.remote?.size === size) {
      const digest = await hashFile(file, size, input.remote.etag, signal);
      await verify();
      const decision = await this.#decide(input, fingerprint, digest, undefined);
      if (decision.action === 'adopt') {
        return this.#adopt(input.key, { fingerprint, etag: input.remote.etag, md5: digest.md5, racy });
      }
    }

    await this.#options.beforeWrite();
    await base.begin([input.key], { action: 'upload', at: Date.now(), isLarge: true });
    const hash = new ContentHash(size, undefined);
    const reader = new OrderedReader(file, hash);
    const { etag } = await bucket.putLarge({
      key: input.key,
      size,
      onBegun: (uploadId) => base.begin([input.key], { action: 'upload', at: Date.now(), isLarge: true, uploadId }),
      contentType: contentTypeOf(input.key),
      metadata: { mtime: toMtimeMetadata(fingerprint.mtimeNs) },
      readPart: (offset, length) => reader.read(offset, length),
      beforeComplete: verify,
      onPart: onBytes,
      signal,
    });
    const entry = { fingerprint, etag, md5: hash.digest().md5, racy };
    await base.settle([{ key: input.key, entry }]);
    return { kind: 'uploaded' };
  }

  async #adopt(key: string, entry: BaseEntry): Promise<Outcome> {
    await this.#options.base.settle([{ key, entry }]);
    return { kind: 'unchanged' };
  }

  /** Decides with the content at hand; only `adopt` and `upload` can come of a file that is here, in SINGLE mode. */
  async #decide(
    { key, remote, base }: TransferInput,
    local: Fingerprint,
    digest: ContentDigest,
    sha256: string | undefined,
  ): Promise<Decision> {
    const proof = remote && provesEqual(digest, remote, base);
    const equal = proof ?? (remote && sha256 !== undefined && (await this.#hasSha256(key, remote, sha256)));
    // The fingerprint proves nothing here: the content was read, and it alone decides.
    const distrusted = base && { ...base, racy: true };
    return decide('SINGLE', { local, remote, base: distrusted, evidence: { equal: equal ?? false } });
  }

  /** An opaque ETag: the hash that every upload from memory carries may still tell. */
  async #hasSha256(key: string, remote: RemoteSide, sha256: string): Promise<boolean> {
    const head = await this.#options.bucket.head(key, this.#options.signal);
    return head !== undefined && head.etag === remote.etag && head.metadata.sha256 === sha256;
  }
}
