import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Codes of PostgreSQL for a function that is not there (its look-alikes) or not allowed (some hosts). */
const NOT_TOLD = new Set(['42883', '42501', '0A000']);

const rowsSchema = z.object({ rows: z.array(z.object({ id: z.coerce.string() })).min(1) });

/**
 * A hash of what only this very database server has, where there is such a thing: a copy of the site with the same
 * connection settings (two compose files with the same names) is told apart by it.
 *
 * PostgreSQL has a system identifier, which stays through restarts and a failover to a standby; a dump restored
 * elsewhere, or a major upgrade, has another one. MySQL's `server_uuid` changes with each failover, and the file of an
 * SQLite database with each deploy that brings it along, so they would stop the sync of a healthy site: there only the
 * connection counts.
 *
 * @param client the kind of database, as Strapi names it.
 * @param ask sends a statement and returns what the driver answers.
 * @returns SHA-256 in hex, or `undefined` where the server tells nothing.
 * @throws what the database throws where it is away.
 */
export async function readDatabaseServer(
  client: string,
  ask: (sql: string) => Promise<unknown>,
): Promise<string | undefined> {
  if (client !== 'postgres') return undefined;
  try {
    const answer = await ask('select system_identifier::text as id from pg_control_system()');
    const [row] = rowsSchema.parse(answer).rows;
    return row && createHash('sha256').update(row.id).digest('hex');
  } catch (error) {
    if (NOT_TOLD.has(codeOf(error))) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
