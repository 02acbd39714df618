/** The administration in the languages of the plugin, so that each can be looked at. */
export default {
  config: { locales: ['fr', 'de', 'es'], tutorials: false, notifications: { releases: false } },
  bootstrap() {},
};
