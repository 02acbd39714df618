import { z } from 'zod';
import { CommandError } from '../commands/CommandError';
import type { SettingItem } from '../commands/contract';
import { credentialNames } from '../config/credentialsSchema';
import { nearestName } from '../config/nearestName';

/**
 * Finds what a person typed among the settings, in snake, kebab or camel case, or a value inside one:
 * `max_delete.files`.
 *
 * @throws {CommandError} for a secret, and for what is not there, with the name that was probably meant.
 */
export function findItem(typed: string, items: readonly SettingItem[]): SettingItem {
  const [first = '', ...rest] = typed.split('.');
  if (credentialNames.some((name) => bare(name) === bare(first))) throw secret();
  const found = items.find(({ item }) => bare(item) === bare(first));
  if (found === undefined) throw unknown(typed, items);
  if (rest.length === 0) return found;
  const record = z.record(z.string(), z.unknown()).safeParse(found.value);
  const inside = Object.entries(record.data ?? {}).find(([name]) => bare(name) === bare(rest.join('.')));
  if (inside === undefined || Array.isArray(found.value)) throw unknown(typed, items);
  return { item: `${found.item}.${toSnake(inside[0])}`, value: inside[1], source: found.source };
}

function unknown(typed: string, items: readonly SettingItem[]): CommandError {
  const near = nearestName(typed, [...items.map(({ item }) => item), 'all']);
  return new CommandError({
    code: 'UNKNOWN_SETTING',
    message: `There is no setting ${typed.slice(0, 64)}.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    fix: 'List them with: s3-sync get all',
  });
}

function secret(): CommandError {
  return new CommandError({
    code: 'SECRET',
    message: 'Keys are secret. They are never shown, and not kept in the database.',
    fix: 'Put them in config/plugins, best from the environment.',
  });
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}
