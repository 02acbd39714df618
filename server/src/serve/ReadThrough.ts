import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivityService } from '../services/activity';
import { describeError } from '../services/describeError';
import type { FeedService } from '../services/feed';
import type { Log } from '../services/log';
import type { Base } from '../sync/base/Base';
import type { Bucket, ObjectHead } from '../sync/bucket/Bucket';
import { openBucket } from '../sync/bucket/S3Bucket';
import { fetchObject, type FetchedObject } from '../sync/fetchObject';
import { sameFingerprint, type Fingerprint } from '../sync/Fingerprint';
import type { KeyPast } from '../sync/Feed';
import { isEmptied } from '../sync/isEmptied';
import { LocalDirectory } from '../sync/local/LocalDirectory';
import { LocalWriter } from '../sync/local/LocalWriter';
import { Trash } from '../sync/local/Trash';
import { isLostRace } from '../sync/lostRace';
import { Slots } from '../sync/Slots';
import { SyncError } from '../sync/SyncError';
import { Arrival, type ArrivalEnd } from './Arrival';
import type { BaseAccess } from './BaseAccess';
import { isDoubtful, type KnownContent } from './isDoubtful';
import type { NamedBy, NamedKeys } from './NamedKeys';
import type { Serving } from './Serving';

/**
 * Within so many ms of a request a small file has to be here, or the first bytes of a large one: a client hears within
 * 2 s.
 */
export const ANSWER_MS = 1_800;

/** A file that is named but not in the bucket yet is waited for this long, in ms. */
export const PENDING_MS = 10_000;

/** Pauses between two looks at the bucket for such a file, in ms: the last one counts for all further ones. */
const PENDING_PAUSES_MS = [100, 200, 300, 500, 1_000];

/** A file that was here and is gone may be about to be deleted or written anew by Strapi: it gets so long for that, in ms. */
const GRACE_MS = 1_000;
const GRACE_STEP_MS = 100;

/** Times that a body which breaks off is fetched anew. */
const BODY_ATTEMPTS = 4;

/** Files fetched at a time. */
const MAX_FETCHES = 64;

/** Attempts for one request; the store's answer has to come soon, or not at all. */
const REQUEST_ATTEMPTS = 3;
const CONNECT_MS = 1_500;
const IDLE_MS = 5_000;

/** A file that came this way is looked at again when its media entry is deleted, for so long, in ms. */
const RECENT_MS = 60_000;

/** That a directory is not emptied needs no new look for so long, in ms. */
const FILLED_MS = 5_000;

/** The same trouble is told once in so long, in ms. */
const TELL_MS = 60_000;

interface Opened {
  serving: Serving;
  bucket: Bucket;
  /** Closes the bucket; its requests stay counted. */
  close: () => void;
  local: LocalDirectory;
  writer: LocalWriter;
}

export interface ReadThroughParts {
  access: BaseAccess;
  named: NamedKeys;
  feed: Pick<FeedService, 'past'>;
  activity: Pick<ActivityService, 'follow'>;
  log: Log;
}

/** Fetches files that are missing here from the bucket while they are asked for, each once for all who ask. */
export class ReadThrough {
  readonly #parts: ReadThroughParts;
  readonly #arrivals = new Map<string, { arrival: Arrival; done: Promise<void> }>();
  readonly #recent = new Map<string, { fingerprint: Fingerprint; at: number; serving: Serving }>();
  readonly #slots = new Slots(MAX_FETCHES);
  #opened: Opened | undefined;
  #filled: { serving: Serving; until: number } | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(parts: ReadThroughParts) {
    this.#parts = parts;
  }

  /**
   * Begins to fetch a missing file, or joins in where that goes on already.
   * @param key safe, and synced.
   */
  request(serving: Serving, key: string): Arrival {
    const known = this.#arrivals.get(key);
    const arrival = known?.arrival ?? this.#start(serving, key);
    arrival.pendingUntil = Date.now() + PENDING_MS;
    return arrival;
  }

  /**
   * Media entries were changed or deleted. A file that came here while its entry was being deleted goes again: Strapi had
   * removed it already.
   */
  async recheck(): Promise<void> {
    const now = Date.now();
    for (const [key, { at }] of this.#recent) if (now - at > RECENT_MS) this.#recent.delete(key);
    const checks = [...this.#recent].map(async ([key, { serving, fingerprint }]) => {
      if (await this.#parts.named.byRow(serving, key)) return;
      this.#recent.delete(key);
      await this.#takeBack(this.#open(serving), key, fingerprint);
    });
    await Promise.all(checks);
  }

  /** Ends what goes on, and starts nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const ending = [...this.#arrivals.values()];
    for (const { arrival } of ending) arrival.controller.abort();
    await Promise.all(ending.map(({ done }) => done));
    this.#opened?.close();
  }

  #start(serving: Serving, key: string): Arrival {
    const arrival = new Arrival(join(serving.directory, key));
    setMaxListeners(0, arrival.controller.signal);
    if (this.#isStopped) {
      arrival.end('unavailable');
      return arrival;
    }
    const done = this.#bring(serving, key, arrival)
      .catch((error: unknown): ArrivalEnd => {
        this.#tell(key, error);
        return 'unavailable';
      })
      .then((end) => {
        // Out of the list first: who asks from now on does not join something that has ended.
        this.#arrivals.delete(key);
        arrival.end(end);
      });
    this.#arrivals.set(key, { arrival, done });
    return arrival;
  }

  async #bring(serving: Serving, key: string, arrival: Arrival): Promise<ArrivalEnd> {
    const { named, access } = this.#parts;
    const { local } = this.#open(serving);
    const { signal } = arrival.controller;
    const by = await named.namedBy(serving, key);
    if (by === undefined) return 'unknown';
    const known = await access.use(serving, ({ base }) => base.get(key));
    if (known) await this.#waitForStrapi(local, key, signal);

    for (let tries = 0; ; tries += 1) {
      if (signal.aborted) return 'unknown';
      if ((await local.stat(key)) !== undefined) return 'here';
      if ((tries > 0 || known) && (await named.namedBy(serving, key)) === undefined) return 'unknown';
      const end = await this.#slots.runWithin(ANSWER_MS, () => this.#fetchAndPlace(serving, key, by, arrival, known));
      if (end === undefined) {
        this.tellLate(key);
        return 'unavailable';
      }
      if (end !== 'pending') return end;
      if (by !== 'row') return 'unknown';
      arrival.isAwaited = true;
      const pause = PENDING_PAUSES_MS[Math.min(tries, PENDING_PAUSES_MS.length - 1)] ?? 0;
      if (Date.now() + pause > arrival.pendingUntil) return 'pending';
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Strapi deletes the file before its entry. */
  async #waitForStrapi(local: LocalDirectory, key: string, signal: AbortSignal): Promise<void> {
    for (let waited = 0; waited < GRACE_MS && !signal.aborted; waited += GRACE_STEP_MS) {
      if ((await local.stat(key)) !== undefined) return;
      await sleep(GRACE_STEP_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns `pending` where the bucket does not hold what is looked for. */
  async #fetchAndPlace(
    serving: Serving,
    key: string,
    by: NamedBy,
    arrival: Arrival,
    known: KnownContent | undefined,
  ): Promise<ArrivalEnd> {
    const opened = this.#open(serving);
    const before = await this.#past(serving, key);
    const fetched = await this.#fetch(opened, key, arrival, (head) => isDoubtful(head.etag, before, known));
    if (fetched === undefined) return 'pending';
    const { temporary, md5, head } = fetched;
    try {
      // Asked again: the row may have come meanwhile. The bucket is about to follow.
      const past = await this.#past(serving, key);
      if (past.deletedMd5 === md5 || past.supersededMd5s.has(md5))
        return arrival.isReadAlong ? 'unavailable' : 'pending';
      if ((await this.#parts.named.namedBy(serving, key)) === undefined) return 'unknown';
      if (arrival.controller.signal.aborted) return 'unknown';
      const place = (): Promise<Fingerprint> => opened.writer.place(key, temporary, undefined, 'overwritten');
      const noted = await this.#parts.access.use(serving, async ({ base }) => {
        await this.#noteEmptied(opened, base);
        const file = { ...temporary.file, etag: head.etag, md5 };
        return base.locks.with([key], async () => {
          await base.begin([key], { action: 'download', at: Date.now(), file });
          const fingerprint = await place();
          await base.settle([{ key, entry: { fingerprint, racy: false, etag: head.etag, md5 } }]);
          return fingerprint;
        });
      });
      // Where another process holds the base, its next walk finds the file and takes it over.
      const fingerprint = noted ?? (await place());
      return await this.#keepOrTakeBack(opened, key, by, fingerprint);
    } catch (error) {
      // A run, or an upload, was first.
      if (isLostRace(error) && (await opened.local.stat(key)) !== undefined) return 'here';
      throw error;
    } finally {
      await opened.writer.discard(temporary);
    }
  }

  /** @returns `undefined` where the bucket does not hold the object. */
  async #fetch(
    { bucket, writer }: Opened,
    key: string,
    arrival: Arrival,
    mayBeOld: (head: ObjectHead) => boolean,
  ): Promise<FetchedObject | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const late = new AbortController();
      const timer = setTimeout(() => {
        late.abort();
      }, ANSWER_MS);
      const signal = AbortSignal.any([arrival.controller.signal, late.signal]);
      // Who reads along already has the first bytes of a version.
      const etag = arrival.isReadAlong ? arrival.head?.etag : undefined;
      const attemptsBefore = arrival.attempts;
      const watcher = {
        begin: (head: ObjectHead, path: string) => {
          clearTimeout(timer);
          arrival.isDoubtful = mayBeOld(head);
          arrival.begin(head, path);
        },
        written: (bytes: number) => {
          arrival.written(bytes);
        },
      };
      try {
        return await fetchObject({ bucket, writer, signal, onBytes: ignore, watcher }, key, etag);
      } catch (error) {
        if (isLostRace(error) && etag === undefined) return undefined;
        const hasBegun = arrival.attempts > attemptsBefore;
        if (!hasBegun || attempt === BODY_ATTEMPTS || arrival.controller.signal.aborted) throw error;
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** What the feed says of contents that were deleted or replaced. */
  async #past(serving: Serving, key: string): Promise<KeyPast> {
    if (serving.mode !== 'MULTI') return { supersededMd5s: new Set() };
    return this.#parts.feed.past(key, { position: undefined, directoryId: '' });
  }

  /** Before the first file comes: afterwards the directory does not look emptied any more, and a guard rests on that. */
  async #noteEmptied({ serving, local }: Opened, base: Base): Promise<void> {
    if (this.#filled?.serving === serving && Date.now() < this.#filled.until) return;
    const facts = await base.facts();
    if (!facts.emptied && (await isEmptied(base, local, serving.filter))) {
      facts.emptied = 'directory-emptied';
      await base.setFacts(facts);
    }
    this.#filled = { serving, until: Date.now() + FILLED_MS };
  }

  async #keepOrTakeBack(opened: Opened, key: string, by: NamedBy, fingerprint: Fingerprint): Promise<ArrivalEnd> {
    const { serving } = opened;
    // Noted before the look: an entry that is deleted right after it asks for these files.
    if (by === 'row') this.#recent.set(key, { fingerprint, at: Date.now(), serving });
    if (await this.#parts.named.isStillNamed(serving, key, by)) return 'here';
    this.#recent.delete(key);
    await this.#takeBack(opened, key, fingerprint);
    return 'unknown';
  }

  /** To the trash, if it is still the file that came this way. The next run takes the rest for a deletion. */
  async #takeBack({ local, writer }: Opened, key: string, fingerprint: Fingerprint): Promise<void> {
    const now = await local.stat(key);
    if (now !== undefined && sameFingerprint(now, fingerprint)) await writer.remove(key, now);
  }

  #open(serving: Serving): Opened {
    if (this.#opened?.serving === serving) return this.#opened;
    this.#opened?.close();
    const local = new LocalDirectory(serving.directory);
    const timeouts = { connectMs: CONNECT_MS, idleMs: IDLE_MS };
    // A visitor does not wait for the places of a sync: how many are fetched at a time is seen to here.
    const bucket = openBucket({ ...serving.bucket, concurrency: MAX_FETCHES, maxAttempts: REQUEST_ATTEMPTS, timeouts });
    const endCount = this.#parts.activity.follow(bucket);
    this.#opened = {
      serving,
      bucket,
      close: () => {
        bucket.close();
        endCount();
      },
      local,
      writer: new LocalWriter(local, new Trash(serving.stateDirectory)),
    };
    return this.#opened;
  }

  /** Tells that a client did not get a file, since the store took too long. */
  tellLate(key: string): void {
    this.#warn(key, 'The store did not answer in time.');
  }

  #tell(key: string, error: unknown): void {
    if (error instanceof SyncError && error.code === 'CANCELLED') this.tellLate(key);
    else this.#warn(key, describeError(error));
  }

  #warn(key: string, why: string): void {
    if (this.#isStopped || Date.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = Date.now();
    this.#parts.log.warn(`${key} was asked for and could not be fetched from the bucket. ${why}`);
  }
}

function ignore(): void {
  // Nobody counts these bytes.
}
