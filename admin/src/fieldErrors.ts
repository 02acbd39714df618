import { isFetchError } from '@strapi/strapi/admin';

import type { KnownText } from './hooks/useKnownText';
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
 * The messages of refused settings in the language of the page, by the field they are about. A message about an entry of
 * a list says which one. What the server gives no code for, or one that this page does not know, stays in its words.
 *
 * @param draft the form, which says what fields there are.
 */
export function fieldErrors(error: unknown, draft: SettingsDraft, known: KnownText): FieldErrors {
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
    const message = textOf(entry, known) ?? entry.message;
    const inList = Number.isInteger(index) ? known('settings.patternError', { number: index + 1, message }) : undefined;
    const text = inList ?? message;
    fields[name] = fields[name] === undefined ? text : `${fields[name]} ${text}`;
  }
  return { fields, complete };
}

/** The text of this page for what is wrong, where the server gave a code that it knows. */
function textOf({ code, values }: Record<string, unknown>, known: KnownText): string | undefined {
  if (typeof code !== 'string') return undefined;
  const texts = isObject(values) ? Object.entries(values).filter(isText) : [];
  return known(`invalid.${code}`, Object.fromEntries(texts)) ?? known(`problem.${code}`);
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}

/** A field that is the error's setting itself goes before one that is only named after another setting. */
function findField(path: readonly string[], names: readonly FieldName[]): FieldName | undefined {
  const isBelow = (name: FieldName) => pathOf(name).every((part, index) => path[index] === part);
  return names.find((name) => name === path[0] && isBelow(name)) ?? names.find(isBelow);
}
