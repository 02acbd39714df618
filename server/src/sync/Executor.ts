import { createHash } from 'node:crypto';
import { lookup } from 'mime-types';
import type { Base, BaseEntry, PlannedDelete } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import { partSizeFor } from './bucket/partSizeFor';
import { ContentHash } from './ContentHash';
import { decide, type Decision, type Mode, type RemoteSide } from './decide';
import type { Fingerprint } from './Fingerprint';
import type { Local, OpenFile } from './local/Local';
import { provesEqual, type ContentDigest } from './provesEqual';
import { readSettled, type SettledFile } from './readSettled';
import { SyncError } from './SyncError';

/** Files up to this size, in bytes, are held in memory and sent by one request. */
const SMALL_FILE = partSizeFor(0);

/** Bytes in flight for one large file: the parts that are sent at the same time. */
const LARGE_FILE_IN_FLIGHT = 3 * SMALL_FILE;

/** Bytes read at a time to hash a large file. */
const HASH_CHUNK = 1024 * 1024;

export interface ExecuteOptions {
  mode: Mode;
  local: Local;
  bucket: Bucket;
  base: Base;
  signal?: AbortSignal;
  /** Milliseconds for which nothing may have touched a file, so that half a file is not uploaded. */
  settleMs: number;
  /** Called before each write to the bucket; it throws where nothing may be written. */
  beforeWrite: () => Promise<void>;
  /** Told of bytes as the store has taken them. */
  onBytes: (bytes: number) => void;
}

export interface TransferInput {
  key: string;
  remote: RemoteSide | undefined;
  base: BaseEntry | undefined;
  /** The writer of the file is known to have finished. */
  settled: boolean;
}

/** What became of one key. `vanished`: the file went away meanwhile, which the next run sees. */
export type TransferOutcome = 'uploaded' | 'adopted' | 'unchanged' | 'vanished';

/** Does the operations of a plan, one key or one batch at a time. */
export class Executor {
  readonly #options: ExecuteOptions;

  constructor(options: ExecuteOptions) {
    this.#options = options;
  }

  /** @returns the bytes of memory that the transfer of a file of this size takes. */
  static weightOf(size: number): number {
    return size <= SMALL_FILE ? size : LARGE_FILE_IN_FLIGHT;
  }

  /**
   * Brings a local file's content to the bucket, unless it proves to be there already.
   * The file is looked at anew: what the walk saw may be old by now.
   * @throws {SyncError} of the file or of the bucket.
   */
  async transfer(input: TransferInput): Promise<TransferOutcome> {
    const { local, signal, settleMs } = this.#options;
    try {
      return await readSettled(local, input.key, { settleMs: input.settled ? 0 : settleMs, signal }, (file, verify) =>
        file.fingerprint.size <= SMALL_FILE
          ? this.#transferSmall(input, file, verify)
          : this.#transferLarge(input, file, verify),
      );
    } catch (error) {
      const isGone = error instanceof SyncError && error.code === 'LOCAL_CHANGED';
      if (isGone && (await local.stat(input.key)) === undefined) return 'vanished';
      throw error;
    }
  }

  /** Forgets a key that is on neither side. */
  async dropBase(key: string): Promise<void> {
    await this.#options.base.settle([{ key, entry: undefined }]);
  }

  /**
   * Deletes objects whose files are absent. A file that came back meanwhile keeps its object.
   * @returns the keys deleted, and one error for each key that was not.
   * @throws {SyncError} where a whole request failed.
   */
  async deleteRemote(deletes: readonly PlannedDelete[]): Promise<{ deleted: string[]; failures: SyncError[] }> {
    const { bucket, base, local, signal } = this.#options;
    const failures: SyncError[] = [];
    const absent: string[] = [];
    for (const { key } of deletes) {
      try {
        if ((await local.stat(key)) === undefined) absent.push(key);
      } catch (error) {
        failures.push(asSyncError(error, key));
      }
    }
    if (absent.length === 0) return { deleted: [], failures };

    await this.#options.beforeWrite();
    await base.begin(absent, { action: 'delete-remote', at: Date.now() });
    const outcomes = await bucket.delete(absent, signal);
    const deleted = outcomes.filter((outcome) => !outcome.error).map((outcome) => outcome.key);
    await base.settle(deleted.map((key) => ({ key, entry: undefined })));
    for (const { error } of outcomes) if (error) failures.push(error);
    return { deleted, failures };
  }

  async #transferSmall(
    input: TransferInput,
    { file, fingerprint, racy }: SettledFile,
    verify: () => Promise<void>,
  ): Promise<TransferOutcome> {
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
      contentType: contentTypeOf(input.key),
      metadata: { mtime: rcloneTime(fingerprint), sha256 },
      signal,
    });
    onBytes(body.length);
    await base.settle([{ key: input.key, entry: entryFor(etag) }]);
    return 'uploaded';
  }

  async #transferLarge(
    input: TransferInput,
    { file, fingerprint, racy }: SettledFile,
    verify: () => Promise<void>,
  ): Promise<TransferOutcome> {
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
    await base.begin([input.key], { action: 'upload', at: Date.now() });
    const hash = new ContentHash(size, undefined);
    const reader = new OrderedReader(file, hash);
    const { etag } = await bucket.putLarge({
      key: input.key,
      size,
      contentType: contentTypeOf(input.key),
      metadata: { mtime: rcloneTime(fingerprint) },
      readPart: (offset, length) => reader.read(offset, length),
      beforeComplete: verify,
      onPart: onBytes,
      signal,
    });
    const entry = { fingerprint, etag, md5: hash.digest().md5, racy };
    await base.settle([{ key: input.key, entry }]);
    return 'uploaded';
  }

  async #adopt(key: string, entry: BaseEntry): Promise<TransferOutcome> {
    await this.#options.base.settle([{ key, entry }]);
    return 'adopted';
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
    return decide(this.#options.mode, { local, remote, base: distrusted, evidence: { equal: equal ?? false } });
  }

  /** An opaque ETag: the hash that every upload from memory carries may still tell. */
  async #hasSha256(key: string, remote: RemoteSide, sha256: string): Promise<boolean> {
    const head = await this.#options.bucket.head(key, this.#options.signal);
    return head !== undefined && head.etag === remote.etag && head.metadata.sha256 === sha256;
  }
}

/** Reads parts in order, so that one pass gives both the parts and the hash of the whole. */
class OrderedReader {
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

async function hashFile(
  file: OpenFile,
  size: number,
  etag: string,
  signal: AbortSignal | undefined,
): Promise<ContentDigest> {
  const hash = new ContentHash(size, etag);
  for (let offset = 0; offset < size; offset += HASH_CHUNK) {
    if (signal?.aborted) throw new SyncError('CANCELLED', { message: 'The run was cancelled.', fix: '' });
    hash.update(await file.read(offset, Math.min(HASH_CHUNK, size - offset)));
  }
  return hash.digest();
}

function contentTypeOf(key: string): string {
  return lookup(key) || 'application/octet-stream';
}

/** The form in which rclone keeps a file's time: seconds, with up to nine decimals. https://rclone.org/s3/ */
function rcloneTime({ mtimeNs }: Fingerprint): string {
  const digits = mtimeNs.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
}

/**
 * @param error anything that was thrown.
 * @returns it as the engine's own error type, without ever hiding the cause.
 */
export function asSyncError(error: unknown, key?: string): SyncError {
  if (error instanceof SyncError) return error;
  return new SyncError('INTERNAL', {
    message: `Something unexpected happened: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'Please report it with the log.',
    key,
    cause: error,
  });
}
