import { PLUGIN_ID } from './pluginId';
import { translations } from './translations/translations';

interface Translation {
  data: Record<string, string>;
  locale: string;
}

/**
 * Loads the plugin's texts. Strapi merges all plugins into one list, so every key gets the plugin's prefix;
 * for a language that is not there it gets nothing and falls back to English.
 *
 * @returns one entry for each of the given locales.
 */
export async function registerTrads({ locales }: { locales: string[] }): Promise<Translation[]> {
  return Promise.all(
    locales.map(async (locale) => {
      const messages = (await translations[locale]?.())?.default ?? {};
      const data = Object.fromEntries(Object.entries(messages).map(([key, text]) => [`${PLUGIN_ID}.${key}`, text]));
      return { data, locale };
    }),
  );
}
