import { isFetchError } from '@strapi/strapi/admin';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * The messages of a refused save, by the setting they are about (the first step of Strapi's error path).
 *
 * @returns nothing where the error is not about single settings.
 */
export function fieldErrors(error: unknown): Record<string, string> {
  const details: unknown = isFetchError(error) ? error.response?.data.error.details : undefined;
  if (!isObject(details) || !Array.isArray(details.errors)) return {};

  const messages: Record<string, string> = {};
  for (const entry of details.errors) {
    if (!isObject(entry) || !Array.isArray(entry.path) || typeof entry.message !== 'string') continue;
    const setting: unknown = entry.path[0];
    if (typeof setting !== 'string') continue;
    // Of several messages about one setting (a list has one per entry) all are worth reading.
    messages[setting] = messages[setting] ? `${messages[setting]} ${entry.message}` : entry.message;
  }
  return messages;
}
