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

interface Session {
  serving: Serving;
  opened: Promise<(OpenedBase & { end(): Promise<void> }) | undefined>;
  users: number;
  timer?: NodeJS.Timeout;
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

  #enter(serving: Serving): Session {
    const known = this.#session;
    const session = known?.serving === serving ? known : { serving, opened: this.#open(serving), users: 0 };
    if (known && known !== session && known.users === 0) void this.#end(known);
    this.#session = session;
    clearTimeout(session.timer);
    session.users += 1;
    return session;
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
  async #end(session: Session): Promise<void> {
    clearTimeout(session.timer);
    if (this.#session === session) this.#session = undefined;
    await session.opened.then((opened) => opened?.end()).catch(() => undefined);
  }

  async #open(serving: Serving): Promise<(OpenedBase & { end(): Promise<void> }) | undefined> {
    const { path, directoryId } = await openStateDirectory(serving.stateDirectory);
    // A lease that is lost ends with the process that lost its database: what is written until then is one file's entry.
    const lease = await this.#leases.acquire(directoryId, ignore);
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
      return { base, directoryId, end };
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

function ignore(): void {
  // Nothing to do.
}
