import type { Core } from '@strapi/strapi';
import { startReadThrough } from './serve/startReadThrough';
import { RUN_FAILED } from './services/announceFailure';
import { startAnswering } from './socket/answering';
import { startTriggers } from './triggers';

interface Action {
  section: 'settings';
  category: string;
  displayName: string;
  uid: string;
  pluginName: string;
}

const action = (uid: string, displayName: string): Action => ({
  section: 'settings',
  category: 'S3 Sync',
  displayName,
  uid,
  pluginName: 's3-sync',
});

/** What an administrator's role can be given. */
const actions = [
  action('settings.read', 'Read the settings and the runs'),
  action('settings.update', 'Change the settings'),
  action('sync.run', 'Sync files'),
];

/** Registers the permissions, and begins to watch for changes and to serve missing files. */
export async function bootstrap({ strapi }: { strapi: Core.Strapi }): Promise<void> {
  const services = strapi.get<{
    get(uid: string): { actionProvider: { registerMany(actions: readonly Action[]): Promise<unknown> } };
  }>('services');
  await services.get('admin::permission').actionProvider.registerMany(actions);
  // So that a webhook can be made for it.
  strapi
    .get<{ addAllowedEvent(key: string, event: string): void }>('webhookStore')
    .addAllowedEvent('S3_SYNC_RUN_FAILED', RUN_FAILED);
  startTriggers(strapi);
  startAnswering(strapi);
  startReadThrough(strapi);
}
