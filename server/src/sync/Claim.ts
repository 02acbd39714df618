import type { Base, BaseFacts } from './base/Base';
import type { Bucket } from './bucket/Bucket';
import {
  parseOwnerMark,
  readOwnerMark,
  writeOwnerMark,
  type OwnerMark,
  type StoredOwnerMark,
} from './bucket/ownerMark';
import { SyncError } from './SyncError';
import type { OtherDirectory, SyncOptions } from './SyncOptions';
import type { Refusal } from './SyncReport';

/** Thrown where a run may not write at all. */
export class Refused extends SyncError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('OWNED_BY_ANOTHER_SITE', { message: refusal.message, fix: refusal.fix });
    this.refusal = refusal;
  }
}

/**
 * Makes sure that the bucket is this site's (and in SINGLE mode this directory's) before anything is written.
 * A staging copy of production, or a second server in SINGLE mode, would otherwise delete the other's files
 * (nextcloud/server#46726).
 */
export class Claim {
  readonly #options: Pick<
    SyncOptions,
    'mode' | 'owner' | 'bucket' | 'takeOver' | 'otherDirectory' | 'claimedRecently' | 'scope'
  >;
  readonly #directoryId: string;
  readonly #base: Base;
  readonly #facts: BaseFacts;
  readonly #signal: AbortSignal;
  #checked: Promise<void> | undefined;

  /** @param facts what the base remembers of the mark; what is found is added to it. */
  constructor(options: SyncOptions, directoryId: string, base: Base, facts: BaseFacts, signal: AbortSignal) {
    this.#options = options;
    this.#directoryId = directoryId;
    this.#base = base;
    this.#facts = facts;
    this.#signal = signal;
  }

  /**
   * Looks once in a run, at the first write at the latest: a run that writes nothing needs no request for it.
   * @throws {Refused} where nothing may be written.
   * @throws {SyncError} as the bucket.
   */
  check(): Promise<void> {
    this.#checked ??= this.#check();
    return this.#checked;
  }

  /**
   * Looks and writes nothing, for a plan.
   * @throws as `check`.
   */
  async look(): Promise<void> {
    const { bucket, takeOver } = this.#options;
    await this.#requireNoOther();
    const stored = await readOwnerMark(bucket, knownMark(this.#facts), this.#signal);
    if (stored && !this.#isSameSite(stored) && !takeOver) throw new Refused(otherSite(bucket));
  }

  async #requireNoOther(): Promise<void> {
    if (this.#options.mode !== 'SINGLE') return;
    const other = await this.#options.otherDirectory(this.#directoryId);
    if (other) throw new Refused(otherDirectory(other));
  }

  async #check(): Promise<void> {
    const { bucket, takeOver, scope, claimedRecently } = this.#options;
    await this.#requireNoOther();
    const known = knownMark(this.#facts);
    if (scope.kind !== 'whole' && claimedRecently && known) return;

    const stored = await readOwnerMark(bucket, known, this.#signal);
    if (stored && this.#isOurs(stored)) {
      await this.#remember(stored);
      return;
    }
    if (stored && !this.#isSameSite(stored) && !takeOver) throw new Refused(otherSite(bucket));
    // The same site with a new directory (a new disk, or uploads/ made anew by an import) goes on: no other one is
    // alive, and a new directory has no base, so it deletes next to nothing unasked.
    const written = await writeOwnerMark(bucket, this.#ours(), stored, this.#signal);
    await this.#remember(written ?? (await this.#readAgain()));
  }

  /** Somebody else wrote the mark first: another server of this site, or our own write whose answer was lost. */
  async #readAgain(): Promise<StoredOwnerMark> {
    const { bucket } = this.#options;
    const stored = await readOwnerMark(bucket, undefined, this.#signal);
    if (stored && this.#isOurs(stored)) return stored;
    throw new Refused(otherSite(bucket));
  }

  #ours(): OwnerMark {
    const { mode, owner } = this.#options;
    return { version: 1, ...owner, ...(mode === 'SINGLE' ? { directoryId: this.#directoryId } : {}) };
  }

  #isSameSite({ text }: StoredOwnerMark): boolean {
    const { owner } = this.#options;
    const mark = parseOwnerMark(text);
    if (mark?.siteId !== owner.siteId || mark.databaseHash !== owner.databaseHash) return false;
    // What one of the two does not know of its database server cannot differ.
    const servers = [mark.databaseServer, owner.databaseServer];
    return servers.includes(undefined) || mark.databaseServer === owner.databaseServer;
  }

  #isOurs(stored: StoredOwnerMark): boolean {
    const mark = parseOwnerMark(stored.text);
    const ours = this.#ours();
    const isNoted = ours.databaseServer === undefined || mark?.databaseServer === ours.databaseServer;
    return this.#isSameSite(stored) && isNoted && mark?.directoryId === ours.directoryId;
  }

  async #remember({ etag, text }: StoredOwnerMark): Promise<void> {
    if (this.#facts.ownerEtag === etag && this.#facts.ownerText === text) return;
    this.#facts.ownerEtag = etag;
    this.#facts.ownerText = text;
    await this.#base.setFacts(this.#facts);
  }
}

function knownMark({ ownerEtag: etag, ownerText: text }: BaseFacts): StoredOwnerMark | undefined {
  return etag !== undefined && text !== undefined ? { etag, text } : undefined;
}

function otherSite({ identity }: Bucket): Refusal {
  const where = identity.prefix === '' ? '' : ` below ${identity.prefix}`;
  return {
    guard: 'other-site',
    count: 0,
    limit: 0,
    message: `The bucket ${identity.bucketName}${where} belongs to another site, or to another copy of this one. Nothing was written.`,
    fix: 'Use a bucket or a prefix of your own. If the other site is gone for good, or is this one and was moved to a new database server, take the bucket over.',
  };
}

function otherDirectory({ host, directory }: OtherDirectory): Refusal {
  return {
    guard: 'other-directory',
    count: 0,
    limit: 0,
    message: `Another server of this site is running: ${host}, with the directory ${directory}. In SINGLE mode one would delete the other's files, so nothing was written.`,
    fix: 'Stop the other server, or use the mode MULTI.',
  };
}
