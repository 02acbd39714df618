import type { Core } from '@strapi/strapi';

type Model = Parameters<Core.Strapi['db']['init']>[0]['models'][number];

/** Runs, the last 200. */
export const RUN_UID = 'plugin::s3-sync.run';
/** The files that failed in a run. */
export const RUN_FAILURE_UID = 'plugin::s3-sync.run-failure';
/** The site's random id, one row. */
export const SITE_UID = 'plugin::s3-sync.site';
/** The servers that use this database. */
export const INSTANCE_UID = 'plugin::s3-sync.instance';
/** The change feed of the mode MULTI, which also holds the tombstones. */
export const CHANGE_UID = 'plugin::s3-sync.change';
/** Which process syncs a directory that several ones share. */
export const LEASE_UID = 'plugin::s3-sync.lease';
/** What asked for syncs and what came of it, one row for each counter. */
export const COUNTER_UID = 'plugin::s3-sync.counter';
/** Errors that belong to no run, the last 200. */
export const ERROR_UID = 'plugin::s3-sync.error';

/**
 * The plugin's own tables. Plain models and not content types: those, even hidden ones, are shown by GraphQL and
 * copied by transfers.
 */
export const models: Model[] = [
  {
    uid: RUN_UID,
    tableName: 's3_sync_runs',
    singularName: 's3-sync-run',
    attributes: {
      id: { type: 'increments' },
      trigger: { type: 'string' },
      startedBy: { type: 'string' },
      mode: { type: 'string' },
      status: { type: 'string' },
      startedAt: { type: 'datetime' },
      endedAt: { type: 'datetime' },
      // Counts, requests, refusal and error, as the API answers them.
      result: { type: 'json' },
      host: { type: 'string' },
      pid: { type: 'integer' },
      bootId: { type: 'string' },
      directory: { type: 'text' },
      directoryId: { type: 'string' },
      heartbeatAt: { type: 'datetime' },
    },
    indexes: [{ name: 's3_sync_runs_status_index', columns: ['status'] }],
  },
  {
    uid: RUN_FAILURE_UID,
    tableName: 's3_sync_run_failures',
    singularName: 's3-sync-run-failure',
    attributes: {
      id: { type: 'increments' },
      runId: { type: 'integer' },
      key: { type: 'text' },
      code: { type: 'string' },
      message: { type: 'text' },
      fix: { type: 'text' },
    },
    indexes: [{ name: 's3_sync_run_failures_run_index', columns: ['run_id'] }],
  },
  {
    uid: SITE_UID,
    tableName: 's3_sync_sites',
    singularName: 's3-sync-site',
    attributes: { id: { type: 'increments' }, siteId: { type: 'string' } },
  },
  {
    uid: INSTANCE_UID,
    tableName: 's3_sync_instances',
    singularName: 's3-sync-instance',
    attributes: {
      id: { type: 'increments' },
      bootId: { type: 'string' },
      host: { type: 'string' },
      pid: { type: 'integer' },
      directory: { type: 'text' },
      directoryId: { type: 'string' },
      mode: { type: 'string' },
      // A server, which the command line asks; else a command that has no server.
      listens: { type: 'boolean' },
      // Milliseconds of the database's clock.
      seenAt: { type: 'biginteger' },
      lastRunAt: { type: 'biginteger' },
      feedPosition: { type: 'biginteger' },
      // Which write conditions the store was found to honour.
      conditions: { type: 'json' },
    },
  },
  {
    uid: CHANGE_UID,
    tableName: 's3_sync_changes',
    singularName: 's3-sync-change',
    attributes: {
      id: { type: 'increments' },
      // Keys are long and differ by case: databases compare and index their hashes.
      keyHash: { type: 'string' },
      key: { type: 'text' },
      action: { type: 'string' },
      contentHash: { type: 'string' },
      previousHash: { type: 'string' },
      byName: { type: 'boolean' },
      directoryId: { type: 'string' },
      // Milliseconds of the database's clock.
      at: { type: 'biginteger' },
    },
    indexes: [
      { name: 's3_sync_changes_key_index', columns: ['key_hash'] },
      { name: 's3_sync_changes_at_index', columns: ['at'] },
    ],
  },
  {
    uid: LEASE_UID,
    tableName: 's3_sync_leases',
    singularName: 's3-sync-lease',
    attributes: {
      id: { type: 'increments' },
      directoryId: { type: 'string' },
      host: { type: 'string' },
      pid: { type: 'integer' },
      bootId: { type: 'string' },
      // Milliseconds of the database's clock.
      expiresAt: { type: 'biginteger' },
    },
    indexes: [{ name: 's3_sync_leases_directory_unique', columns: ['directory_id'], type: 'unique' }],
  },
  {
    uid: COUNTER_UID,
    tableName: 's3_sync_counters',
    singularName: 's3-sync-counter',
    attributes: { id: { type: 'increments' }, name: { type: 'string' }, value: { type: 'biginteger' } },
    indexes: [{ name: 's3_sync_counters_name_unique', columns: ['name'], type: 'unique' }],
  },
  {
    uid: ERROR_UID,
    tableName: 's3_sync_errors',
    singularName: 's3-sync-error',
    attributes: {
      id: { type: 'increments' },
      source: { type: 'string' },
      level: { type: 'string' },
      message: { type: 'text' },
      count: { type: 'integer' },
      // Milliseconds of the server's own clock.
      firstAt: { type: 'biginteger' },
      lastAt: { type: 'biginteger' },
      host: { type: 'string' },
    },
  },
];
