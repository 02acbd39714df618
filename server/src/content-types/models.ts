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
      heartbeatAt: { type: 'datetime' },
    },
  },
];
