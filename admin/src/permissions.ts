import { PLUGIN_ID } from './pluginId';

/** What an administrator may be allowed to do here. The server checks the same actions on every route. */
export const PERMISSIONS = {
  readSettings: { action: `plugin::${PLUGIN_ID}.settings.read`, subject: null },
  updateSettings: { action: `plugin::${PLUGIN_ID}.settings.update`, subject: null },
  runSync: { action: `plugin::${PLUGIN_ID}.sync.run`, subject: null },
};
