import { createHash, randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { SITE_UID } from '../content-types/models';
import { readDatabaseServer } from './databaseServer';
import type { OwnerIdentity } from '../sync/SyncOptions';

/** Tells this site from every other one, for the mark in the bucket. */
export interface SiteService {
  identity(): Promise<OwnerIdentity>;
}

const siteRow = z.object({ siteId: z.string() });

const connectionSchema = z.object({
  host: z.string().optional().catch(undefined),
  port: z.union([z.string(), z.number()]).optional().catch(undefined),
  database: z.string().optional().catch(undefined),
  filename: z.string().optional().catch(undefined),
  connectionString: z.string().optional().catch(undefined),
});

/** Keeps the site's random id in a table of its own. */
export function createSite(strapi: Core.Strapi): SiteService {
  let server: { id: string | undefined } | undefined;

  async function find(): Promise<string | undefined> {
    // The lowest id counts: two servers that start at once may both have added a row.
    const rows = await strapi.db.query(SITE_UID).findMany({ orderBy: { id: 'asc' }, limit: 1 });
    return z.array(siteRow).parse(rows)[0]?.siteId;
  }

  async function siteId(): Promise<string> {
    const known = await find();
    if (known !== undefined) return known;
    const made = randomUUID();
    await strapi.db.query(SITE_UID).create({ data: { siteId: made } });
    return (await find()) ?? made;
  }

  return {
    async identity() {
      const client: unknown = strapi.config.get('database.connection.client');
      // Where the config gives a function, only the opened client knows what it returned.
      const opened = z.object({ connectionSettings: z.unknown() }).parse(strapi.db.connection.client);
      // A server stays the same as long as this process is connected to it.
      server ??= {
        id: await readDatabaseServer(strapi.db.dialect.client, async (sql) => strapi.db.connection.raw(sql)),
      };
      return {
        siteId: await siteId(),
        databaseHash: hashDatabase(client, opened.connectionSettings),
        ...(server.id === undefined ? {} : { databaseServer: server.id }),
      };
    },
  };
}

/**
 * A hash of where the database is: a dump restored elsewhere gives another one. Users and passwords stay out.
 *
 * @param client the name of the database client, such as `postgres`.
 * @param connection its connection settings.
 * @returns SHA-256 in hex.
 */
export function hashDatabase(client: unknown, connection: unknown): string {
  const given = connectionSchema.catch({}).parse(connection);
  const address = given.connectionString === undefined ? undefined : parseAddress(given.connectionString);
  const place = [
    z.string().catch('').parse(client),
    address?.hostname ?? given.host ?? '',
    address?.port ?? String(given.port ?? ''),
    address?.pathname.slice(1) ?? given.database ?? '',
    given.filename === undefined ? '' : realPath(given.filename),
  ];
  return createHash('sha256').update(place.join('\0')).digest('hex');
}

function parseAddress(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Releases often reach one shared database file by a link of their own. */
function realPath(filename: string): string {
  try {
    return realpathSync(filename);
  } catch {
    return filename;
  }
}
