type Messages = Record<string, string>;

/** One loader per language, so that only the languages in use are downloaded. */
export const translations: Partial<Record<string, () => Promise<{ default: Messages }>>> = {
  de: () => import('./de.json'),
  en: () => import('./en.json'),
  es: () => import('./es.json'),
  fr: () => import('./fr.json'),
};
