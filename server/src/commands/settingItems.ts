import { z } from 'zod';
import { isCredentialName, credentialNames } from '../config/credentialsSchema';
import { nearestName } from '../config/nearestName';
import { parseSettings, settingNames, settingsSchema, type Settings } from '../config/settingsSchema';
import { CommandError } from './CommandError';
import type { SettingItem } from './contract';

const recordSchema = z.record(z.string(), z.unknown());

/** A setting, or one value inside it, such as `maxDelete.files`. */
export interface SettingPath {
  name: keyof Settings;
  inside?: string;
}

/** `bucketName` as it is written on the command line: `bucket_name`. */
export function toItem(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * Finds the setting that a person typed, in snake, kebab or camel case.
 *
 * @throws {CommandError} for a secret, and for a name that is none, with the one that was probably meant.
 */
export function findSetting(typed: string): SettingPath {
  const [first = '', ...rest] = typed.split('.');
  const name = settingNames.find((known) => bare(known) === bare(first));
  if (name === undefined) throw explainUnknown(first);
  if (rest.length === 0) return { name };
  const names = namesInside(name);
  const inside = names.find((known) => bare(known) === bare(rest.join('.')));
  if (inside !== undefined) return { name, inside };
  const fix =
    names.length === 0 ? '' : `There are: ${names.map((known) => `${toItem(name)}.${toItem(known)}`).join(', ')}.`;
  throw new CommandError({ code: 'UNKNOWN_SETTING', message: `There is no setting ${typed}.`, fix });
}

/** The value at a path of checked settings; `null` where it is not set. */
export function valueAt(settings: Settings, { name, inside }: SettingPath): unknown {
  const value = settings[name];
  if (inside === undefined) return value ?? null;
  const record = recordSchema.safeParse(value);
  return record.success ? (record.data[inside] ?? null) : null;
}

/**
 * Turns typed words into a value for a setting: a text, a number, `true`, `false`, JSON, or a list of several words or of
 * parts between commas. Whether the value is right is for the schema to say.
 *
 * @param words at least one; a single empty one means the default.
 */
export function toValue({ name, inside }: SettingPath, words: readonly string[], current: Settings): unknown {
  const [first = ''] = words;
  if (words.length === 1 && first.trim() === '') return '';
  const isList = Array.isArray(valueAt(current, { name, ...(inside === undefined ? {} : { inside }) }));
  if (isList) return toList(words);
  const text = words.join(' ');
  if (name === 'reconcileCron' && text === 'off') return null;
  const check = (value: unknown): z.core.$ZodIssue[] => {
    const whole = inside === undefined ? value : { ...recordSchema.catch({}).parse(current[name]), [inside]: value };
    return settingsSchema.shape[name].safeParse(whole).error?.issues ?? [];
  };
  if (check(text).length === 0) return text;
  const json = readJson(text);
  // Of the two errors the one to show is that of the form which was meant.
  return json === undefined || check(json).some(({ code }) => code === 'invalid_type') ? text : json;
}

/** Puts a value into the setting it belongs to: settings are saved whole. */
export function toChange(path: SettingPath, value: unknown, current: Settings): Record<string, unknown> {
  if (path.inside === undefined) return { [path.name]: value };
  const { [path.inside]: _before, ...others } = recordSchema.catch({}).parse(current[path.name]);
  return { [path.name]: value === '' ? others : { ...others, [path.inside]: value } };
}

/** All settings with their values and where these come from. */
export function listItems(
  settings: Settings,
  locked: readonly (keyof Settings)[],
  saved: readonly string[],
): SettingItem[] {
  return settingNames.map((name) => ({
    item: toItem(name),
    value: settings[name] === null ? 'off' : (settings[name] ?? null),
    source: locked.includes(name) ? 'config' : saved.includes(name) ? 'database' : 'default',
  }));
}

function namesInside(name: keyof Settings): string[] {
  const defaults = parseSettings({});
  const value = 'settings' in defaults ? defaults.settings[name] : undefined;
  const record = Array.isArray(value) ? undefined : recordSchema.safeParse(value);
  return record?.success === true ? Object.keys(record.data) : [];
}

/** A comma in braces belongs to the pattern: `*.{jpg,png}`. */
function toList(words: readonly string[]): unknown {
  const [first = ''] = words;
  const json = words.length === 1 && first.trim().startsWith('[') ? readJson(first) : undefined;
  if (json !== undefined) return json;
  return words.flatMap((word) => word.split(/,(?![^{]*\})/)).map((word) => word.trim());
}

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function explainUnknown(typed: string): CommandError {
  const isSecret = isCredentialName(typed) || credentialNames.some((name) => bare(name) === bare(typed));
  if (isSecret) {
    return new CommandError({
      code: 'SECRET',
      message: 'Keys are secret. They are never shown, and not kept in the database.',
      fix: 'Put them in config/plugins, best from the environment.',
    });
  }
  const near = nearestName(typed, settingNames);
  return new CommandError({
    code: 'UNKNOWN_SETTING',
    message: `There is no setting ${typed.slice(0, 64)}.${near === undefined ? '' : ` Did you mean ${toItem(near)}?`}`,
    fix: 'List them with: s3-sync get all',
  });
}

function bare(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}
