import { createHash } from 'node:crypto';
import { asSyncError } from './asSyncError';
import type { Base, BaseEntry, PlannedDelete } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import type { ConditionalWrites, Expected } from './bucket/ConditionalWrites';
import { ContentHash } from './ContentHash';
import { contentTypeOf } from './contentTypeOf';
import { decide, type Decision, type Evidence, type FeedVerdict, type RemoteSide } from './decide';
import { UNSYNCED, type Feed, type FeedChange, type KeyPast, type SeenRows } from './Feed';
import { Refused } from './Claim';
import { chunksOf } from './chunksOf';
import { fetchObject, type FetchedObject } from './fetchObject';
import type { Fingerprint } from './Fingerprint';
import { hashFile } from './hashFile';
import type { KeyResult, KeyWorker, Outcome, PerformOptions } from './KeyWorker';
import type { Local } from './local/Local';
import type { LocalWriter } from './local/LocalWriter';
import { isLostRace, lostRace } from './lostRace';
import { lastAgreed } from './lastAgreed';
import { md5Of } from './md5Of';
import type { KeySides } from './mergeSides';
import { modificationTimeMs, toMtimeMetadata } from './modificationTime';
import { OrderedReader } from './OrderedReader';
import { provesEqual } from './provesEqual';
import { readSettled, type SettledFile } from './readSettled';
import { SyncError } from './SyncError';
import { SMALL_FILE } from './transferWeight';

/** Times that a key is planned again because somebody else was first. */
const ATTEMPTS = 5;

export interface MultiOptions {
  local: Local;
  writer: LocalWriter;
  bucket: Bucket;
  writes: ConditionalWrites;
  base: Base;
  feed: Feed;
  /** Rows of the feed that this directory has seen. */
  seen: SeenRows;
  /** Which keys a database row still names: a missing file is then fetched back, not deleted. */
  referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Deletes at a time. */
  concurrency: number;
  settleMs: number;
  signal?: AbortSignal;
  beforeWrite: () => Promise<void>;
  onBytes: (bytes: number) => void;
}

interface PerformNow extends PerformOptions {
  /** Deletes may be done at once: they were planned, and the guards let them pass. */
  deletes: boolean;
}

interface Decided {
  decision: Decision;
  content?: LocalContent | undefined;
  /** Where the feed tells of what is to be done: the position of the last row that names the key. */
  told?: number | undefined;
}

/** What reading the local file told. */
interface LocalContent {
  fingerprint: Fingerprint;
  racy: boolean;
  md5: string;
}

/**
 * Does what `decide` says in MULTI mode, one key at a time. Every write to the bucket says what it expects, every
 * change of a file looks at the file right before; where somebody else was first, the key is looked at and decided
 * again.
 */
export class MultiWorker implements KeyWorker {
  readonly #options: MultiOptions;

  constructor(options: MultiOptions) {
    this.#options = options;
  }

  /** Looks at both sides of a key anew, by name. */
  async look(key: string): Promise<KeySides> {
    const { local, bucket, base, signal } = this.#options;
    const [here, head, known, intent] = await Promise.all([
      local.stat(key),
      bucket.head(key, signal),
      base.get(key),
      base.intent(key),
    ]);
    const remote = head && { key, size: head.size, etag: head.etag, lastModifiedMs: head.lastModifiedMs };
    return { kind: 'key', key, local: here, remote, base: lastAgreed(known, intent, remote, here), unknown: false };
  }

  async concludeDelete(key: string): Promise<void> {
    const { base, local, referenced, feed, seen, writer } = this.#options;
    const here = await local.stat(key);
    const isKnown = (await base.get(key)) !== undefined;
    if ((!here && isKnown) || (await referenced([key])).has(key)) return;
    const { deletedMd5, entryDeleted, restored } = await feed.past(key, { position: undefined, directoryId: '' });
    if (restored) return;
    if (here) await writer.remove(key, here);
    if (isKnown || deletedMd5 !== undefined || entryDeleted !== undefined) return;
    await feed.append([{ key, action: 'delete', md5: UNSYNCED, byName: true }], seen.directoryId);
  }

  /**
   * @param first what the planner saw; after a lost race both sides are looked at again.
   * @throws {SyncError} of the file or of the bucket; `PRECONDITION_FAILED` or `LOCAL_CHANGED` after five lost races.
   */
  async perform(first: KeySides, options: PerformOptions): Promise<Outcome> {
    return this.#performUntilSettled(first, { ...options, deletes: false });
  }

  /** Keys go one by one: no store has conditions in DeleteObjects. */
  async performDeletes(deletes: readonly PlannedDelete[], options: PerformOptions): Promise<KeyResult[]> {
    const results: KeyResult[] = [];
    const { concurrency } = this.#options;
    for (let at = 0; at < deletes.length; at += concurrency) {
      const batch = deletes.slice(at, at + concurrency);
      results.push(...(await Promise.all(batch.map(({ key }) => this.#performDelete(key, options)))));
    }
    return results;
  }

  async #performDelete(key: string, options: PerformOptions): Promise<KeyResult> {
    try {
      const sides = await this.look(key);
      return { key, outcome: await this.#performUntilSettled(sides, { ...options, deletes: true }) };
    } catch (error) {
      if (error instanceof Refused) throw error;
      return { key, error: asSyncError(error, key) };
    }
  }

  async preview(sides: KeySides): Promise<Decision> {
    return (await this.#decide(sides, { byName: false })).decision;
  }

  async #performUntilSettled(first: KeySides, options: PerformNow): Promise<Outcome> {
    let sides = first;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#performOnce(sides, options);
      } catch (error) {
        if (!isLostRace(error) || attempt === ATTEMPTS) throw error;
        sides = await this.look(sides.key);
      }
    }
  }

  async #performOnce(sides: KeySides, options: PerformNow): Promise<Outcome> {
    const { decision, content, told } = await this.#decide(sides, options);
    const { key, local, remote, base } = sides;
    switch (decision.action) {
      case 'none':
        return { kind: 'unchanged' };
      case 'drop-base':
        await this.#options.base.settle([{ key, entry: undefined }]);
        return { kind: 'unchanged' };
      case 'adopt':
        return this.#adopt(sides, content);
      case 'upload':
        if (isOlder(sides)) await this.#keepReplaced(sides);
        await this.#upload(sides, expectedBy(decision, sides), options, base?.md5);
        return { kind: 'uploaded' };
      case 'download':
        await this.#download(sides, 'overwritten');
        return { kind: 'downloaded' };
      case 'conflict':
        return { kind: 'conflict', winner: await this.#resolveConflict(sides, content) };
      case 'delete-remote':
        if (decision.row === 'N10' || decision.row === 'M14') return this.#endEntryDelete(sides, options);
        // What others did is no sign that somebody deleted the file here: its absence is for a walk and its guards.
        if (options.heard) return { kind: 'unchanged' };
        if (!options.deletes) return { kind: 'to-delete', side: 'remote', size: remote?.size ?? 0 };
        return this.#deleteRemote(sides, options);
      case 'delete-local':
        if (!options.deletes) return { kind: 'to-delete', side: 'local', size: local?.size ?? 0 };
        return this.#deleteLocal(sides, options, told);
      case 'compare':
        throw new SyncError('INTERNAL', { message: `${key} was compared and not decided.`, fix: 'Report it.', key });
    }
  }

  /** Decides, and reads what the decision needs: the contents, and what the feed says of them. */
  async #decide(sides: KeySides, options: PerformOptions): Promise<Decided> {
    const { feed, referenced } = this.#options;
    let content: (LocalContent & { evidence: Evidence }) | undefined;
    let decision = decide('MULTI', { ...sides, byName: isNamedHere(options) });
    if (decision.action === 'compare') {
      content = await this.#compare(sides);
      decision = decide('MULTI', { ...sides, evidence: content.evidence });
    }
    if (!asksFeed(decision, options)) return { decision, content };
    const isNamed = async (): Promise<boolean> => (await referenced([sides.key])).has(sides.key);
    // A person who has just put the file there knows what they want, whatever was deleted before.
    if (isNamedHere(options) && (await isNamed())) return { decision, content };

    const past = await feed.past(sides.key, await this.#seenOf(sides.key));
    const isInStep = decision.row === 'M1';
    const isMeant = past.entryDeleted === 'unsynced' || (sides.local && !isInStep && past.entryDeleted === 'synced');
    if (isMeant && !(await isNamed())) {
      const evidence = content?.evidence;
      return { decision: decide('MULTI', { ...sides, evidence, feed: 'entry-deleted' }), content, told: past.position };
    }
    if (isInStep) return { decision, content };
    const isSilent = past.deletedMd5 === undefined && past.supersededMd5s.size === 0;
    if (!sides.local || decision.row === 'M7' || isSilent) return { decision, content };
    content ??= await this.#compare(sides);
    const verdict = verdictOf(past, content.md5);
    const settled = decide('MULTI', { ...sides, evidence: content.evidence, feed: verdict });
    return { decision: settled, content, told: verdict && past.position };
  }

  /** A delete of others that was carried out here has no more to say, whatever the position of the directory. */
  async #seenOf(key: string): Promise<SeenRows> {
    const { base, seen } = this.#options;
    const heard = await base.heardUpTo(key);
    if (heard === undefined) return seen;
    return { directoryId: seen.directoryId, position: Math.max(heard, seen.position ?? heard) };
  }

  async #compare({ key, remote, base }: KeySides): Promise<LocalContent & { evidence: Evidence }> {
    const { local, signal, settleMs } = this.#options;
    return readSettled(local, key, { settleMs, signal }, async ({ file, fingerprint, racy }, verify) => {
      const digest = await hashFile(file, fingerprint.size, remote?.etag, signal);
      await verify();
      const localIsBase = base !== undefined && base.fingerprint.size === digest.size && base.md5 === digest.md5;
      const equal = remote && (provesEqual(digest, remote, base) ?? (await this.#holdsSame(key, remote, digest)));
      const evidence: Evidence = { localIsBase, ...(equal === undefined ? {} : { equal }) };
      return { fingerprint, racy, md5: digest.md5, evidence };
    });
  }

  /** The ETag told nothing: the hash in the metadata may, and else the bytes do. */
  async #holdsSame(key: string, remote: RemoteSide, digest: { md5: string; sha256: string }): Promise<boolean> {
    const { bucket, signal } = this.#options;
    const head = await bucket.head(key, signal);
    if (head?.etag !== remote.etag) throw lostRace(key);
    if (head.metadata.sha256 !== undefined) return head.metadata.sha256 === digest.sha256;
    const { body } = await bucket.get(key, signal);
    const md5 = createHash('md5');
    for await (const chunk of chunksOf(body)) md5.update(chunk);
    return md5.digest('hex') === digest.md5;
  }

  async #adopt(sides: KeySides, content: LocalContent | undefined): Promise<Outcome> {
    const { key, local, remote } = sides;
    if (!local || !remote) throw lostRace(key);
    const read = content ?? (await this.#compare(sides));
    const entry = { fingerprint: read.fingerprint, racy: read.racy, md5: read.md5, etag: remote.etag };
    await this.#settle(key, entry, await this.#untoldUpload(key, read.md5));
    return { kind: 'unchanged' };
  }

  /** What an upload of which no answer came would have told the others, where it turns out to have been done. */
  async #untoldUpload(key: string, md5: string): Promise<FeedChange | undefined> {
    const intent = await this.#options.base.intent(key);
    if (intent?.action !== 'upload') return undefined;
    if (!intent.put) return { key, action: 'put', md5, byName: false };
    return intent.put.md5 === md5 ? intent.put : undefined;
  }

  /** As `#untoldUpload`, for a version that is to be replaced or deleted now: before the trace of it is overwritten. */
  async #landedUpload({ key, base }: KeySides): Promise<FeedChange | undefined> {
    const intent = await this.#options.base.intent(key);
    return base && intent?.put?.md5 === base.md5 ? intent.put : undefined;
  }

  /** @param previousMd5 content that the upload replaces, where it is known. */
  async #upload(
    sides: KeySides,
    expected: Expected,
    options: PerformOptions,
    previousMd5: string | undefined,
  ): Promise<void> {
    const { local, signal, settleMs, beforeWrite } = this.#options;
    const { key, base } = sides;
    await readSettled(
      local,
      key,
      { settleMs: isNamedHere(options) ? 0 : settleMs, signal },
      async (settled, verify) => {
        await beforeWrite();
        const landed = await this.#landedUpload(sides);
        if (landed) await this.#settle(key, base, landed);
        const rowFor = (md5: string): FeedChange => {
          const replaced = previousMd5 === undefined || previousMd5 === md5 ? {} : { previousMd5 };
          return { key, action: 'put', md5, byName: false, ...replaced };
        };
        const { size } = settled.fingerprint;
        const { etag, md5 } =
          size <= SMALL_FILE
            ? await this.#putSmall(settled, verify, expected, rowFor)
            : await this.#putLarge(key, settled, verify, expected);
        this.#options.onBytes(size <= SMALL_FILE ? size : 0);
        const entry = { fingerprint: settled.fingerprint, racy: settled.racy, etag, md5 };
        await this.#settle(key, entry, rowFor(md5));
      },
    );
  }

  async #putSmall(
    { file, fingerprint }: SettledFile,
    verify: () => Promise<void>,
    expected: Expected,
    rowFor: (md5: string) => FeedChange,
  ): Promise<{ etag: string; md5: string }> {
    const body = await file.read(0, fingerprint.size);
    await verify();
    const md5 = md5Of(body);
    const put = rowFor(md5);
    const { key } = put;
    const sha256 = createHash('sha256').update(body).digest('hex');
    const metadata = { mtime: toMtimeMetadata(fingerprint.mtimeNs), sha256 };
    const { signal, writes, base } = this.#options;
    await base.begin([key], { action: 'upload', at: Date.now(), put });
    const { etag } = await writes.put(
      { key, body, md5, sha256, contentType: contentTypeOf(key), metadata, signal },
      expected,
    );
    return { etag, md5 };
  }

  async #putLarge(
    key: string,
    { file, fingerprint }: SettledFile,
    verify: () => Promise<void>,
    expected: Expected,
  ): Promise<{ etag: string; md5: string }> {
    const hash = new ContentHash(fingerprint.size, undefined);
    const reader = new OrderedReader(file, hash);
    const { signal, writes, base, onBytes } = this.#options;
    await base.begin([key], { action: 'upload', at: Date.now(), isLarge: true });
    const { etag } = await writes.putLarge(
      {
        key,
        size: fingerprint.size,
        onBegun: (uploadId) => base.begin([key], { action: 'upload', at: Date.now(), isLarge: true, uploadId }),
        contentType: contentTypeOf(key),
        metadata: { mtime: toMtimeMetadata(fingerprint.mtimeNs) },
        readPart: (offset, length) => reader.read(offset, length),
        beforeComplete: verify,
        onPart: onBytes,
        signal,
      },
      expected,
    );
    return { etag, md5: hash.digest().md5 };
  }

  async #download(sides: KeySides, why: 'overwritten' | 'lost-conflict'): Promise<void> {
    const { key, local, remote } = sides;
    const { base, writer } = this.#options;
    if (!remote) throw lostRace(key);
    await writer.makeWay(key);
    const { temporary, md5 } = await this.#fetch(key, remote);
    try {
      await base.begin([key], {
        action: 'download',
        at: Date.now(),
        file: { ...temporary.file, etag: remote.etag, md5 },
      });
      const fingerprint = await writer.place(key, temporary, local, why);
      await this.#settle(key, { fingerprint, racy: false, etag: remote.etag, md5 }, undefined);
    } finally {
      await writer.discard(temporary);
    }
  }

  #fetch(key: string, remote: RemoteSide): Promise<FetchedObject> {
    return fetchObject(this.#options, key, remote.etag);
  }

  /** A file from a backup may take the place of a newer one that is nowhere else any more. */
  async #keepReplaced({ key, remote }: KeySides): Promise<void> {
    if (!remote) return;
    const { temporary } = await this.#fetch(key, remote);
    await this.#options.writer.discardToTrash(key, temporary, 'overwritten');
  }

  /** The newer one, by the file's own time, wins the path; the other one goes to the trash. */
  async #resolveConflict(sides: KeySides, content: LocalContent | undefined): Promise<'local' | 'remote'> {
    const { key, local, remote } = sides;
    const { bucket, writer, signal } = this.#options;
    if (!local || !remote) throw lostRace(key);
    const head = await bucket.head(key, signal);
    if (head?.etag !== remote.etag) throw lostRace(key);
    const localMs = Number((content?.fingerprint ?? local).mtimeNs / 1_000_000n);
    // With equal times the bucket's version wins, so that every instance decides alike.
    if (modificationTimeMs(head) >= localMs) {
      await this.#download(sides, 'lost-conflict');
      return 'remote';
    }
    const loser = await this.#fetch(key, remote);
    await writer.discardToTrash(key, loser.temporary, 'lost-conflict');
    await this.#upload(sides, { etag: remote.etag }, { byName: false }, loser.md5);
    return 'local';
  }

  /** The entry of the file was deleted before the file came: this is the end of that delete. */
  async #endEntryDelete(sides: KeySides, options: PerformNow): Promise<Outcome> {
    const { key, local } = sides;
    if (local) {
      await this.#options.base.begin([key], { action: 'delete-local', at: Date.now() });
      await this.#options.writer.remove(key, local);
    }
    return this.#deleteRemote({ ...sides, local: undefined }, { ...options, byName: true });
  }

  async #deleteRemote(sides: KeySides, { byName, onBegun }: PerformOptions): Promise<Outcome> {
    const { key } = sides;
    const { local, feed, seen, writes, signal, beforeWrite, referenced } = this.#options;
    // While a database row names the file, its absence is a loss and not a wish.
    if ((await referenced([key])).has(key)) {
      await this.#download(sides, 'overwritten');
      return { kind: 'downloaded' };
    }
    if ((await local.stat(key)) !== undefined) throw lostRace(key);
    await beforeWrite();
    const { md5, etag } = await this.#versionToDelete(sides);
    // The row comes first: on a store that ignores If-Match, the others can then see which content was meant.
    const landed = await this.#landedUpload(sides);
    const change: FeedChange = { key, action: 'delete', md5, byName };
    await feed.append([...(landed ? [landed] : []), change], seen.directoryId);
    if (landed) await this.#settle(key, sides.base, undefined);
    await this.#options.base.begin([key], { action: 'delete-remote', at: Date.now() });
    await onBegun?.(1);
    await writes.delete(key, etag, signal);
    // Who heard of it before it was done has looked too early.
    await this.#settle(key, undefined, change);
    return { kind: 'deleted-remote' };
  }

  /** A version that never came here is brought to the trash first: its content has to be named, and may be missed. */
  async #versionToDelete({ key, remote, base }: KeySides): Promise<{ md5: string; etag: string }> {
    if (!remote) throw lostRace(key);
    if (base?.etag === remote.etag) return base;
    const { temporary, md5 } = await this.#fetch(key, remote);
    await this.#options.writer.discardToTrash(key, temporary, 'deleted');
    return { md5, etag: remote.etag };
  }

  /** @param told the last row of the feed that names the key, where the feed tells of the delete. */
  async #deleteLocal(sides: KeySides, options: PerformOptions, told: number | undefined): Promise<Outcome> {
    const { key, local } = sides;
    const { bucket, base, writer, signal, referenced } = this.#options;
    // No server told of it, and a database row names the file: somebody else took it from the bucket, by accident or not.
    if (told === undefined && (await referenced([key])).has(key)) {
      await this.#upload(sides, { absent: true }, options, undefined);
      return { kind: 'uploaded' };
    }
    if (!local || (await bucket.head(key, signal)) !== undefined) throw lostRace(key);
    await base.begin([key], { action: 'delete-local', at: Date.now() });
    await options.onBegun?.(1);
    await writer.remove(key, local);
    await base.settle([{ key, entry: undefined, ...(told === undefined ? {} : { heardUpTo: told }) }]);
    return { kind: 'deleted-local' };
  }

  async #settle(key: string, entry: BaseEntry | undefined, change: FeedChange | undefined): Promise<void> {
    await this.#options.base.settle([{ key, entry }], change);
  }
}

/** A person put or deleted the file here: its writer is known to have finished, and to have meant it. */
function isNamedHere({ byName, heard }: PerformOptions): boolean {
  return byName && heard !== true;
}

/** The local file is older than the one that was here when both sides last agreed. */
function isOlder({ local, base }: KeySides): boolean {
  return local !== undefined && base !== undefined && local.mtimeNs < base.fingerprint.mtimeNs;
}

/** Rows that would bring a deleted file back, or take one away that another content's delete did not mean. */
function asksFeed({ row }: Decision, { heard }: PerformOptions): boolean {
  // A whole run does not ask for each file that it brings, or that is in step.
  if (row === 'N3' || row === 'M1') return heard === true;
  return row === 'N1' || row === 'N5' || row === 'M3' || row === 'M7';
}

function verdictOf({ deletedMd5, supersededMd5s }: KeyPast, md5: string): FeedVerdict | undefined {
  if (supersededMd5s.has(md5)) return 'superseded';
  if (deletedMd5 === undefined) return undefined;
  return deletedMd5 === md5 ? 'deleted' : 'other-deleted';
}

function expectedBy({ expect }: Decision, { key, remote, base }: KeySides): Expected {
  if (expect === 'absent') return { absent: true };
  const etag = expect === 'as-in-base' ? base?.etag : remote?.etag;
  if (etag === undefined) throw lostRace(key);
  return { etag };
}
