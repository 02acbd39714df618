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
  /** @param onLost called where the lease ended before it was released: what goes on must stop. */
  acquire(directoryId: string, onLost: () => void): Promise<Lease | HeldLease>;
}

/** How long a lease lasts without renewal, in ms. It is renewed with every heartbeat. */
export const LEASE_MS = 30_000;

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

  return {
    async acquire(directoryId, onLost) {
      const other = await take(directoryId);
      if (other !== undefined) return other;
      const endRenewals = renew(directoryId, onLost);
      return {
        kind: 'mine',
        async release() {
          endRenewals();
          await leases()
            .deleteMany({ where: { directoryId, bootId: self.bootId } })
            .catch((error: unknown) => {
              log.warn(`The right to sync this directory ends by itself in a while: ${describeError(error)}`);
            });
        },
      };
    },
  };
}

function held({ host, pid }: { host: string; pid: number }): HeldLease {
  return { kind: 'held', host, pid };
}
