import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { splitConfig } from '../config';
import { isCredentialName } from '../config/credentialsSchema';
import { explain } from '../config/explain';
import {
  isBlank,
  isSettingName,
  parseSettings,
  withoutBlanks,
  type SettingError,
  type Settings,
} from '../config/settingsSchema';
import type { Problem } from '../routes/contract';
import type { Log } from './log';
import { directoryExists, explainPlaces, isInsideUploads, resolvePlaces, type Places, type Project } from './places';

/** The settings that count now, and what keeps them from being used. */
export interface SettingsState {
  settings: Settings;
  /** Fixed by `config/plugins`. */
  locked: (keyof Settings)[];
  /** Kept in the database; those that are not locked count. */
  saved: (keyof Settings)[];
  /** Empty where a sync can start. */
  problems: Problem[];
  places: Places;
  /** Another one where what is kept in the database is something else. */
  version: string;
}

/** Merges the settings of `config/plugins` over those of the database, over the defaults. */
export interface SettingsService {
  readonly project: Project;
  read(): Promise<SettingsState>;
  /**
   * Checks and keeps some settings. `null` and empty text go back to the default.
   * Where one is wrong nothing is kept.
   */
  save(changes: Record<string, unknown>): Promise<{ state: SettingsState } | { errors: SettingError[] }>;
  /** The settings as they would be after `save`. Keeps nothing. */
  draft(changes: Record<string, unknown>): Promise<{ settings: Settings } | { errors: SettingError[] }>;
  /** What was read last, for those who cannot wait. */
  last(): SettingsState | undefined;
  /** Calls back after each save. */
  onSave(listener: (state: SettingsState) => void): void;
}

/** Changes that were found right, beside what they were put over. */
interface MergedChanges {
  /** What is to be kept, as it was given. */
  wanted: Record<string, unknown>;
  stored: Record<string, unknown>;
  config: Record<string, unknown>;
  /** All settings, checked. */
  settings: Settings;
}

const recordSchema = z.record(z.string(), z.unknown());

/** Makes the service; `config/plugins` has been checked by the config validator by then. */
export function createSettings(strapi: Core.Strapi, log: Log): SettingsService {
  const project: Project = {
    root: strapi.dirs.app.root,
    publicDirectory: strapi.dirs.static.public,
  };
  const listeners: ((state: SettingsState) => void)[] = [];
  let last: SettingsState | undefined;
  let saving: Promise<unknown> = Promise.resolve();

  const store = strapi.store({ type: 'plugin', name: 's3-sync', key: 'settings' });

  /** The settings in `config/plugins`; an empty value locks nothing. */
  function fromConfig(): Record<string, unknown> {
    const config = recordSchema.parse(strapi.config.get('plugin::s3-sync', {}));
    return withoutBlanks(splitConfig(config).settings);
  }

  /**
   * The settings in the database. Names that this version does not know are left out. Values are checked later, merged
   * with those of `config/plugins`: one that is refused is a problem, and nothing is synced by a default in its place.
   */
  async function fromDatabase(): Promise<Record<string, unknown>> {
    const stored = recordSchema.safeParse((await store.get()) ?? {});
    if (!stored.success) return {};
    const unknown = Object.keys(stored.data).filter((name) => !isSettingName(name));
    if (unknown.length > 0) log.warn(`Saved settings of another version are not used: ${unknown.join(', ')}`);
    return Object.fromEntries(Object.entries(stored.data).filter(([name]) => isSettingName(name)));
  }

  /** Checks the merged values and the folders they name. */
  function check(values: Record<string, unknown>): { settings: Settings; places: Places } | { errors: SettingError[] } {
    const parsed = parseSettings(values);
    if ('errors' in parsed) return parsed;
    const places = resolvePlaces(project, parsed.settings);
    const errors = explainPlaces(project, places);
    if (errors.length > 0) return { errors };
    if (isBlank('include', values.include) && isInsideUploads(project, places.directory)) {
      // Keys are relative to the directory: the default `uploads/**` would match nothing there.
      return { settings: { ...parsed.settings, include: ['**'] }, places };
    }
    return { settings: parsed.settings, places };
  }

  async function read(): Promise<SettingsState> {
    const config = fromConfig();
    const stored = await fromDatabase();
    const merged = { ...stored, ...config };
    const origins = {
      locked: Object.keys(config).filter(isSettingName),
      saved: Object.keys(stored).filter(isSettingName),
      version: versionOf(stored),
    };
    const checked = check(merged);
    if ('errors' in checked) {
      // Each part is right by itself, so the folders or a pair of settings do not fit together.
      const problems = checked.errors.map(({ path, code: reason, values, message }): Problem => {
        const setting = path[0] ?? '';
        const named = isSettingName(setting) ? { setting } : {};
        return { code: 'SETTINGS_INVALID', ...named, message, ...(reason === undefined ? {} : { reason, values }) };
      });
      const refused = new Set(checked.errors.map(({ path }) => path[0]));
      const usable = check(Object.fromEntries(Object.entries(merged).filter(([name]) => !refused.has(name))));
      if ('errors' in usable) throw new Error(`The settings cannot be read: ${problems[0]?.message ?? ''}`);
      last = { ...usable, ...origins, problems };
      return last;
    }
    const { settings, places } = checked;
    const problems = [...explainGaps(settings), ...explainProvider(strapi), ...(await explainDirectory(places))];
    last = { settings, places, ...origins, problems };
    return last;
  }

  /** Puts changes over what is kept, below what is fixed, and checks the whole. */
  async function merge(changes: Record<string, unknown>): Promise<MergedChanges | { errors: SettingError[] }> {
    const secrets = Object.keys(changes).filter(isCredentialName);
    if (secrets.length > 0) {
      const message = 'Keys are not kept in the database. Put them in config/plugins, best from the environment.';
      return { errors: secrets.map((name) => ({ path: [name], message })) };
    }
    const config = fromConfig();
    const stored = await fromDatabase();
    const lockedErrors = explainLocked(changes, config);
    const free = Object.fromEntries(Object.entries(changes).filter(([name]) => config[name] === undefined));
    const wanted = withoutBlanks({ ...stored, ...free });
    const checked = check({ ...wanted, ...config });
    if ('errors' in checked || lockedErrors.length > 0) {
      return { errors: [...lockedErrors, ...('errors' in checked ? checked.errors : [])] };
    }
    if (!(await directoryExists(checked.places.directory)) && free.directory !== undefined) {
      return { errors: [{ path: ['directory'], ...explain('DIRECTORY_MISSING') }] };
    }
    return { wanted, stored, config, settings: checked.settings };
  }

  async function saveNow(
    changes: Record<string, unknown>,
  ): Promise<{ state: SettingsState } | { errors: SettingError[] }> {
    const merged = await merge(changes);
    if ('errors' in merged) return merged;
    await store.set({ value: toStore(merged) });
    const state = await read();
    for (const listener of listeners) listener(state);
    return { state };
  }

  return {
    project,
    read,
    save(changes) {
      // One after the other: each builds on what the one before has kept.
      const saved = saving.then(() => saveNow(changes));
      saving = saved.catch(() => undefined);
      return saved;
    },
    async draft(changes) {
      const merged = await merge(changes);
      return 'errors' in merged ? merged : { settings: merged.settings };
    },
    last: () => last,
    onSave(listener) {
      listeners.push(listener);
    },
  };
}

/** Of what the servers of a site share, and not of their config/plugins: they may differ, and each answers in turn. */
function versionOf(stored: Record<string, unknown>): string {
  const entries = Object.entries(stored).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(entries)).digest('hex').slice(0, 16);
}

/** A value fixed in `config/plugins` may be sent again as it is, but not changed. */
function explainLocked(changes: Record<string, unknown>, config: Record<string, unknown>): SettingError[] {
  return Object.entries(changes).flatMap(([name, value]): SettingError[] => {
    if (config[name] === undefined || isSameSetting(name, value, config[name])) return [];
    return [{ path: [name], ...explain('LOCKED') }];
  });
}

function isSameSetting(name: string, value: unknown, fixed: unknown): boolean {
  if (isBlank(name, value)) return false;
  return isSettingName(name) && isDeepStrictEqual(normalized(name, value), normalized(name, fixed));
}

function normalized(name: keyof Settings, value: unknown): unknown {
  const parsed = parseSettings({ [name]: value });
  return 'settings' in parsed ? parsed.settings[name] : value;
}

/** What differs from the defaults, in its checked form: a later version may then have better defaults. */
function toStore({ wanted, stored, settings, config }: MergedChanges): Record<string, unknown> {
  const defaults = parseSettings({});
  const values = Object.keys(wanted).map((name): [string, unknown] => {
    // Below a value of config/plugins the saved one is kept as it was.
    if (config[name] !== undefined) return [name, stored[name]];
    return [name, isSettingName(name) ? settings[name] : undefined];
  });
  return Object.fromEntries(
    values.filter(([name, value]) => {
      if (value === undefined) return false;
      return !('settings' in defaults && isSettingName(name) && isDeepStrictEqual(value, defaults.settings[name]));
    }),
  );
}

/** What is required and not there yet. */
export function explainGaps({ bucketName, awsRegion, mode }: Settings): Problem[] {
  const problems: Problem[] = [];
  if (bucketName === undefined) {
    problems.push({ code: 'BUCKET_MISSING', setting: 'bucketName', message: 'Enter the name of the bucket.' });
  }
  if (awsRegion === undefined) {
    problems.push({ code: 'REGION_MISSING', setting: 'awsRegion', message: 'Enter the region of the bucket.' });
  }
  if (mode === undefined) {
    problems.push({ code: 'MODE_MISSING', setting: 'mode', message: 'Choose a mode. Without one nothing is synced.' });
  }
  return problems;
}

/** Other providers put files elsewhere: there is nothing here to sync, and much in a bucket to delete. */
function explainProvider(strapi: Core.Strapi): Problem[] {
  const provider = z.string().catch('local').parse(strapi.config.get('plugin::upload.provider', 'local'));
  if (provider.toLowerCase() === 'local') return [];
  const message = `The upload provider is "${provider}". Files are only synced where it is "local".`;
  return [{ code: 'PROVIDER_NOT_LOCAL', message, values: { provider } }];
}

async function explainDirectory({ directory }: Places): Promise<Problem[]> {
  if (await directoryExists(directory)) return [];
  const message = `The directory ${directory} does not exist.`;
  return [{ code: 'DIRECTORY_MISSING', setting: 'directory', message, values: { directory } }];
}
