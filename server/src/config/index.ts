import { z } from 'zod';
import { credentialsSchema, isCredentialName } from './credentialsSchema';
import { parseSettings, toSettingErrors, type SettingError } from './settingsSchema';

/** What `config/plugins` may hold for this plugin. No defaults here: a value that is present is locked. */
const config = {
  default: {},

  /**
   * Checks the plugin's part of `config/plugins` with the schema of the settings page.
   *
   * @throws {Error} naming each bad value, so that Strapi does not start with it. Never repeats a secret.
   */
  validator(given: unknown): void {
    const errors = explainConfig(given);
    if (errors.length === 0) return;
    const lines = errors.map(({ path, message }) => `- ${path.join('.')}: ${message}`);
    throw new Error(`config/plugins holds bad values for s3-sync:\n${lines.join('\n')}`);
  },
};

export default config;

function explainConfig(given: unknown): SettingError[] {
  const record = z.record(z.string(), z.unknown()).safeParse(given);
  if (!record.success) return [{ path: ['config'], message: 'Must be an object.' }];
  const { credentials, settings } = splitConfig(record.data);
  const checked = credentialsSchema.safeParse(credentials);
  const parsed = parseSettings(settings);
  return [...(checked.success ? [] : toSettingErrors(checked.error)), ...('errors' in parsed ? parsed.errors : [])];
}

/** Tells the secrets of a config from its settings. Empty text, as an unset variable often gives, is not set. */
export function splitConfig(given: Record<string, unknown>): {
  credentials: Record<string, unknown>;
  settings: Record<string, unknown>;
} {
  const entries = Object.entries(given);
  return {
    credentials: Object.fromEntries(
      entries.filter(([name, value]) => isCredentialName(name) && value !== '' && value !== null),
    ),
    settings: Object.fromEntries(entries.filter(([name]) => !isCredentialName(name))),
  };
}
