import { isFetchError } from '@strapi/strapi/admin';

import type { Translate } from './hooks/useTranslation';
import { pathOf, type FieldName, type SettingsDraft } from './settingsDraft';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The messages of a refusal of settings. */
export interface FieldErrors {
  /** By the field that they are about. */
  fields: Partial<Record<FieldName, string>>;
  /** Whether each one has its field: else the notification has to say what it is. */
  complete: boolean;
}

/**
 * The messages of refused settings, by the field they are about. A message about an entry of a list says which one.
 *
 * @param draft the form, which says what fields there are.
 */
export function fieldErrors(error: unknown, draft: SettingsDraft, t: Translate): FieldErrors {
  const names = Object.keys(draft).filter((name): name is FieldName => name in draft);
  const details: unknown = isFetchError(error) ? error.response?.data.error.details : undefined;
  const fields: Partial<Record<FieldName, string>> = {};
  if (!isObject(details) || !Array.isArray(details.errors)) return { fields, complete: false };

  let complete = details.errors.length > 0;
  for (const entry of details.errors) {
    if (!isObject(entry) || !Array.isArray(entry.path) || typeof entry.message !== 'string') continue;
    const path = entry.path.map(String);
    const name = findField(path, names);
    if (name === undefined) {
      complete = false;
      continue;
    }
    const index = Number(path[pathOf(name).length]);
    const { message } = entry;
    const text = Number.isInteger(index) ? t('settings.patternError', { number: index + 1, message }) : message;
    fields[name] = fields[name] === undefined ? text : `${fields[name]} ${text}`;
  }
  return { fields, complete };
}

/** A field that is the error's setting itself goes before one that is only named after another setting. */
function findField(path: readonly string[], names: readonly FieldName[]): FieldName | undefined {
  const isBelow = (name: FieldName) => pathOf(name).every((part, index) => path[index] === part);
  return names.find((name) => name === path[0] && isBelow(name)) ?? names.find(isBelow);
}
