import { ArrowsCounterClockwise } from '@strapi/icons';
import type { StrapiApp } from '@strapi/strapi/admin';

import { PERMISSIONS } from './permissions';
import { PLUGIN_ID } from './pluginId';
import { registerTrads } from './registerTrads';

export default {
  register(app: StrapiApp) {
    app.addSettingsLink('global', {
      id: PLUGIN_ID,
      to: PLUGIN_ID,
      intlLabel: { id: `${PLUGIN_ID}.plugin.name`, defaultMessage: 'S3 Sync' },
      permissions: [PERMISSIONS.readSettings],
      Component: () => import('./pages/SettingsPage/SettingsPage'),
    });
    app.widgets.register({
      icon: ArrowsCounterClockwise,
      title: { id: `${PLUGIN_ID}.plugin.name`, defaultMessage: 'S3 Sync' },
      component: async () => (await import('./components/widget/LastRunWidget')).LastRunWidget,
      pluginId: PLUGIN_ID,
      id: 'last-run',
      permissions: [PERMISSIONS.readSettings],
    });
    app.registerPlugin({ id: PLUGIN_ID, name: PLUGIN_ID });
  },
  registerTrads,
};
