import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { LEASE_UID } from '../content-types/models';
import type { DatabaseClock } from './databaseClock';
import { describeError } from './describeError';
import type { Log } from './log';
import { HEARTBEAT_MS, isGone, type ProcessIdentity } from './ProcessIdentity';

/** The right of this process to sync a directory. */
export interface Lease {
  kind: 'mine';
  /** Gives it back. Never rejects: what cannot be given back ends by itself. */
  release(): Promise<void>;
}

/** Another process has that right. */
export interface HeldLease {
  kind: 'held';
  host: string;
  pid: number;
}

/**
 * One process at a time syncs a directory, also where several hosts share it (NFS): file locks do not hold there, so the
 * right is a row in the database that ends by itself, on the database's clock.
 */
export interface LeasesService {
  /**
   * A process that has the right already shares it among all that goes on in it, until the last one gives it back.
   *
   * @param onLost called where the lease ended before it was released: what goes on must stop.
   */
  acquire(directoryId: string, onLost: () => void): Promise<Lease | HeldLease>;
}

/** How long a lease lasts without renewal, in ms. It is renewed with every heartbeat. */
export const LEASE_MS = 30_000;

/** A right that this process has, and those in it who are told when it is lost. */
interface Shared {
  onLost: Set<() => void>;
  endRenewals: () => void;
}

const leaseRow = z.object({
  id: z.number(),
  host: z.string(),
  pid: z.number(),
  bootId: z.string(),
  expiresAt: z.coerce.number(),
});

const updated = z.object({ count: z.number() });

/** Keeps the leases in a table of its own. */
export function createLeases(
  strapi: Core.Strapi,
  self: ProcessIdentity,
  clock: DatabaseClock,
  log: Log,
): LeasesService {
  const leases = () => strapi.db.query(LEASE_UID);
  const sharedById = new Map<string, Shared>();
  let turn: Promise<unknown> = Promise.resolve();

  async function find(directoryId: string): Promise<z.output<typeof leaseRow> | undefined> {
    const row: unknown = await leases().findOne({ where: { directoryId } });
    return row === null ? undefined : leaseRow.parse(row);
  }

  /** Writes only where the row still says what was read: two processes that try at once do not both win. */
  async function take(directoryId: string): Promise<HeldLease | undefined> {
    const now = await clock.now();
    const data = { ...self, directoryId, expiresAt: now + LEASE_MS };
    const row = await find(directoryId);
    if (row === undefined) return create(directoryId, data);
    if (row.bootId !== self.bootId && row.expiresAt > now && !isGone(row, self)) return held(row);
    const where = { id: row.id, bootId: row.bootId, expiresAt: row.expiresAt };
    const { count } = updated.parse(await leases().updateMany({ where, data }));
    return count === 1 ? undefined : held(row);
  }

  async function create(directoryId: string, data: object): Promise<HeldLease | undefined> {
    try {
      await leases().create({ data });
      return undefined;
    } catch (error) {
      // The directory's row is unique: somebody else was first, or something is really wrong.
      const row = await find(directoryId);
      if (row === undefined) throw error;
      return held(row);
    }
  }

  /** @returns a function that ends the renewals. */
  function renew(directoryId: string, onLost: () => void): () => void {
    const where = { directoryId, bootId: self.bootId };
    let renewedAt = Date.now();

    async function renewOnce(): Promise<void> {
      const begunAt = Date.now();
      const { count } = updated.parse(
        await leases().updateMany({ where, data: { expiresAt: (await clock.now()) + LEASE_MS } }),
      );
      if (count === 0) onLost();
      else renewedAt = begunAt;
    }

    const timer = setInterval(() => {
      renewOnce().catch((error: unknown) => {
        log.warn(`The right to sync this directory could not be renewed: ${describeError(error)}`);
        if (Date.now() - renewedAt > LEASE_MS - HEARTBEAT_MS) onLost();
      });
    }, HEARTBEAT_MS).unref();
    return () => {
      clearInterval(timer);
    };
  }

  /** Takes and gives back one after the other: a right that is just given back must not count as taken. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  }

  async function giveBack(directoryId: string, shared: Shared, onLost: () => void): Promise<void> {
    shared.onLost.delete(onLost);
    if (shared.onLost.size > 0) return;
    shared.endRenewals();
    const current = sharedById.get(directoryId);
    // It was lost, and taken anew meanwhile by something else in this process.
    if (current !== undefined && current !== shared) return;
    sharedById.delete(directoryId);
    await leases()
      .deleteMany({ where: { directoryId, bootId: self.bootId } })
      .catch((error: unknown) => {
        log.warn(`The right to sync this directory ends by itself in a while: ${describeError(error)}`);
      });
  }

  async function acquire(directoryId: string, onLost: () => void): Promise<Lease | HeldLease> {
    const known = sharedById.get(directoryId);
    const other = known === undefined ? await take(directoryId) : undefined;
    if (other !== undefined) return other;
    const shared = known ?? share(directoryId);
    // A function of its own: the same one may be given twice.
    const lost = (): void => {
      onLost();
    };
    shared.onLost.add(lost);
    return { kind: 'mine', release: () => inTurn(() => giveBack(directoryId, shared, lost)) };
  }

  function share(directoryId: string): Shared {
    const onLost = new Set<() => void>();
    const endRenewals = renew(directoryId, () => {
      sharedById.delete(directoryId);
      for (const tell of onLost) tell();
    });
    const shared = { onLost, endRenewals };
    sharedById.set(directoryId, shared);
    return shared;
  }

  return { acquire: (directoryId, onLost) => inTurn(() => acquire(directoryId, onLost)) };
}

function held({ host, pid }: { host: string; pid: number }): HeldLease {
  return { kind: 'held', host, pid };
}
