import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { INSTANCE_UID } from '../content-types/models';
import type { OtherDirectory } from '../sync/SyncOptions';
import { describeError } from './describeError';
import type { Log } from './log';
import { HEARTBEAT_MS, isAlive, type ProcessIdentity } from './ProcessIdentity';

/** The servers that share this database, each with the directory it syncs. */
export interface InstancesService {
  /** Enters this server with its directory, and keeps the entry alive until `leave`. */
  enter(directory: string, directoryId: string): Promise<void>;
  /** A living server that syncs another directory and was there first. */
  findOther(directoryId: string): Promise<OtherDirectory | undefined>;
  /** Takes this server out: the next one does not wait for its heartbeat to end. */
  leave(): Promise<void>;
}

const instanceRow = z.object({
  id: z.number(),
  bootId: z.string(),
  host: z.string(),
  pid: z.number(),
  directory: z.string(),
  directoryId: z.string(),
  heartbeatAt: z.coerce.date(),
});

/** Keeps the servers in a table of its own. */
export function createInstances(strapi: Core.Strapi, self: ProcessIdentity, log: Log): InstancesService {
  const instances = () => strapi.db.query(INSTANCE_UID);
  let heartbeat: NodeJS.Timeout | undefined;
  let entered: { id: number; directory: string; directoryId: string } | undefined;

  async function beat(): Promise<void> {
    if (entered === undefined) return;
    await instances().updateMany({ where: { id: entered.id }, data: { heartbeatAt: new Date() } });
  }

  async function findAll(): Promise<z.output<typeof instanceRow>[]> {
    return z.array(instanceRow).parse(await instances().findMany({ orderBy: { id: 'asc' } }));
  }

  return {
    async enter(directory, directoryId) {
      if (entered?.directory === directory && entered.directoryId === directoryId) return beat();
      const data = { ...self, directory, directoryId, heartbeatAt: new Date() };
      if (entered === undefined) {
        const dead = (await findAll()).filter((row) => !isAlive(row, self, Date.now()));
        if (dead.length > 0) await instances().deleteMany({ where: { id: { $in: dead.map(({ id }) => id) } } });
        const { id } = z.object({ id: z.number() }).parse(await instances().create({ data }));
        entered = { id, directory, directoryId };
      } else {
        await instances().updateMany({ where: { id: entered.id }, data });
        entered = { id: entered.id, directory, directoryId };
      }
      heartbeat ??= setInterval(() => {
        beat().catch((error: unknown) => {
          log.warn(`This server could not show that it is alive: ${describeError(error)}`);
        });
      }, HEARTBEAT_MS).unref();
    },

    async findOther(directoryId) {
      const mine = entered?.id ?? Number.POSITIVE_INFINITY;
      const other = (await findAll()).find(
        (row) => row.directoryId !== directoryId && row.id < mine && isAlive(row, self, Date.now()),
      );
      return other && { host: other.host, directory: other.directory };
    },

    async leave() {
      clearInterval(heartbeat);
      heartbeat = undefined;
      if (entered === undefined) return;
      const { id } = entered;
      entered = undefined;
      await instances().deleteMany({ where: { id } });
    },
  };
}
