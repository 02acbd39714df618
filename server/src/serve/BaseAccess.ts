import { stat } from 'node:fs/promises';
import type { LeasesService } from '../services/leases';
import type { Base } from '../sync/base/Base';
import type { BaseKeeper } from '../sync/base/BaseKeeper';
import { openStateDirectory } from '../sync/base/StateDirectory';
import { SyncError } from '../sync/SyncError';
import type { Serving } from './Serving';

/** The base stays open for so long after its last use, in ms: another process that shares the directory wants it too. */
const IDLE_MS = 500;

/** After another process had it, it is not asked for again for so long, in ms. */
const HELD_MS = 1_000;

/** An open base, and whose it is. */
export interface OpenedBase {
  base: Base;
  directoryId: string;
}

interface Opened extends OpenedBase {
  /** Of the state folder. */
  inode: bigint | undefined;
  end(): Promise<void>;
}

interface Session {
  serving: Serving;
  opened: Promise<Opened | undefined>;
  users: number;
  timer?: NodeJS.Timeout;
  ending?: Promise<void>;
}

/** Opens the base for what goes on beside the runs, under the same lease, and closes it when nobody needs it. */
export class BaseAccess {
  readonly #keeper: BaseKeeper;
  readonly #leases: LeasesService;
  #session: Session | undefined;
  #heldUntil = 0;
  #isStopped = false;

  constructor(keeper: BaseKeeper, leases: LeasesService) {
    this.#keeper = keeper;
    this.#leases = leases;
  }

  /**
   * @returns what `work` returns, or `undefined` where the base cannot be had: another process holds it, or the server
   *   stops.
   * @throws {SyncError} as the base.
   */
  async use<Result>(serving: Serving, work: (opened: OpenedBase) => Promise<Result>): Promise<Result | undefined> {
    await this.#dropMoved();
    if (this.#isStopped || Date.now() < this.#heldUntil) return undefined;
    const session = this.#enter(serving);
    try {
      const opened = await session.opened;
      return opened && (await work(opened));
    } finally {
      this.#leave(session);
    }
  }

  /** Waits for what goes on, and opens nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const session = this.#session;
    if (session?.users === 0) await this.#end(session);
  }

  /** `strapi import` moves the state folder away and makes a new one: what is open then is not what lies there now. */
  async #dropMoved(): Promise<void> {
    const session = this.#session;
    const opened = await session?.opened.catch(() => undefined);
    if (session === undefined || opened === undefined) return;
    if ((await inodeOf(session.serving.stateDirectory)) !== opened.inode) this.#drop(session);
  }

  #enter(serving: Serving): Session {
    const known = this.#session;
    if (known && known.serving !== serving) this.#drop(known);
    const session = this.#session ?? this.#begin(serving);
    clearTimeout(session.timer);
    session.users += 1;
    return session;
  }

  #begin(serving: Serving): Session {
    const drop = (): void => {
      this.#drop(session);
    };
    const session: Session = { serving, opened: this.#open(serving, drop), users: 0 };
    this.#session = session;
    // What was not opened is not kept: the next one tries again.
    session.opened.then((opened) => {
      if (opened === undefined) drop();
    }, drop);
    return session;
  }

  /** Nobody else gets it; who uses it may finish. */
  #drop(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    if (session.users === 0) void this.#end(session);
  }

  #leave(session: Session): void {
    session.users -= 1;
    if (session.users > 0) return;
    if (this.#isStopped || this.#session !== session) {
      void this.#end(session);
      return;
    }
    session.timer = setTimeout(() => {
      void this.#end(session);
    }, IDLE_MS).unref();
  }

  /** Never rejects: whoever waited for the base was told already. */
  #end(session: Session): Promise<void> {
    clearTimeout(session.timer);
    if (this.#session === session) this.#session = undefined;
    session.ending ??= session.opened.then((opened) => opened?.end()).catch(() => undefined);
    return session.ending;
  }

  /** @param onLost called where another process may have the base from now on. */
  async #open(serving: Serving, onLost: () => void): Promise<Opened | undefined> {
    const { path, directoryId } = await openStateDirectory(serving.stateDirectory);
    const inode = await inodeOf(path);
    // Who uses the base then may finish: what is written until then is one file's entry.
    const lease = await this.#leases.acquire(directoryId, onLost);
    if (lease.kind === 'held') {
      this.#isHeld();
      return;
    }
    try {
      const base = await this.#keeper.openBeside({ ...serving.base, stateDirectory: path });
      const end = async (): Promise<void> => {
        await base.close();
        await lease.release();
      };
      return { base, directoryId, inode, end };
    } catch (error) {
      await lease.release();
      if (error instanceof SyncError && error.code === 'BASE_LOCKED') {
        this.#isHeld();
        return;
      }
      throw error;
    }
  }

  #isHeld(): undefined {
    this.#heldUntil = Date.now() + HELD_MS;
    return undefined;
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  // Where it is away, opening it says so.
  return (await stat(path, { bigint: true }).catch(() => undefined))?.ino;
}
