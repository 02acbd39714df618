import { isFetchError } from '@strapi/strapi/admin';

import type { Translate } from './hooks/useTranslation';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * The messages of a refused save, by the setting they are about (the first step of Strapi's error path).
 * A message about an entry of a list says which one.
 *
 * @returns nothing where the error is not about single settings.
 */
export function fieldErrors(error: unknown, t: Translate): Record<string, string> {
  const details: unknown = isFetchError(error) ? error.response?.data.error.details : undefined;
  if (!isObject(details) || !Array.isArray(details.errors)) return {};

  const messages: Record<string, string> = {};
  for (const entry of details.errors) {
    if (!isObject(entry) || !Array.isArray(entry.path) || typeof entry.message !== 'string') continue;
    const setting: unknown = entry.path[0];
    if (typeof setting !== 'string') continue;
    const index = entry.path.length > 1 ? Number(entry.path[1]) : NaN;
    const { message } = entry;
    const text = Number.isInteger(index) ? t('settings.patternError', { number: index + 1, message }) : message;
    messages[setting] = messages[setting] === undefined ? text : `${messages[setting]} ${text}`;
  }
  return messages;
}
