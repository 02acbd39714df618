import type { CredentialsService } from '../services/credentials';
import { keyOfUpload, type Project } from '../services/places';
import { toBucketSettings } from '../services/toBucketSettings';
import type { SettingsService, SettingsState } from '../services/settings';
import type { BaseOptions } from '../sync/base/LevelBase';
import type { BucketSettings } from '../sync/bucket/BucketSettings';
import { checkKey } from '../sync/checkKey';
import { createKeyFilter, type KeyFilter } from '../sync/KeyFilter';

/** The settings as far as serving needs them, for one state of the site. */
export interface Serving {
  mode: 'SINGLE' | 'MULTI';
  /** Absolute path of the synced directory. */
  directory: string;
  stateDirectory: string;
  filter: KeyFilter;
  bucket: BucketSettings;
  /** What names the base of this directory and bucket. */
  base: BaseOptions;
  /** Missing files are fetched while they are asked for. */
  readThrough: boolean;
  /** Where the bucket's files are public, without a slash at the end. */
  publicBaseUrl: string | undefined;
  /** Absolute URLs of this site, without a slash at the end. */
  siteUrls: readonly string[];
  /**
   * The key of a file below `/uploads/`, or `undefined` where it is not synced.
   * @param path decoded, without the leading `/uploads/`.
   */
  keyOf(path: string): string | undefined;
}

/** Knows how the site is served now. */
export class ServingSettings {
  readonly #settings: SettingsService;
  readonly #credentials: CredentialsService;
  #seen: SettingsState | undefined;
  #told = '';
  #serving: Serving | undefined;

  constructor(settings: SettingsService, credentials: CredentialsService) {
    this.#settings = settings;
    this.#credentials = credentials;
  }

  /** As it was last read, without asking the database; `undefined` where nothing is synced, or nothing was read yet. */
  last(): Serving | undefined {
    return this.#from(this.#settings.last());
  }

  /** As `last`, but the settings are read where they never were. */
  async current(): Promise<Serving | undefined> {
    return this.#from(this.#settings.last() ?? (await this.#settings.read()));
  }

  /** The same object as long as the settings say the same: caches hang on it. */
  #from(state: SettingsState | undefined): Serving | undefined {
    if (state === this.#seen) return this.#serving;
    this.#seen = state;
    const told = state === undefined ? '' : JSON.stringify([state.settings, state.places, state.problems]);
    if (told !== this.#told) {
      this.#told = told;
      this.#serving = state && this.#make(state);
    }
    return this.#serving;
  }

  #make({ settings, places, problems }: SettingsState): Serving | undefined {
    const { bucketName, awsRegion, mode, include, exclude, prefix, endpoint = '', readThrough } = settings;
    if (problems.length > 0 || bucketName === undefined || awsRegion === undefined || mode === undefined) {
      return undefined;
    }
    const filter = createKeyFilter({ include, exclude });
    const identity = { bucketName, endpoint, prefix };
    return {
      mode,
      ...places,
      filter,
      bucket: toBucketSettings(settings, { bucketName, awsRegion }, this.#credentials),
      base: { stateDirectory: places.stateDirectory, identity, filter: filter.options },
      readThrough: readThrough ?? mode === 'MULTI',
      publicBaseUrl: settings.publicBaseUrl,
      siteUrls: settings.siteUrls,
      keyOf: (path) => keyOf(this.#settings.project, places.directory, filter, path),
    };
  }
}

function keyOf(project: Project, directory: string, filter: KeyFilter, path: string): string | undefined {
  // Whatever the filters say, names that begin with a dot are not served: Strapi does not either.
  if (checkKey(path) !== undefined || path.split('/').some((name) => name.startsWith('.'))) return undefined;
  const key = keyOfUpload(project, directory, path);
  return key !== undefined && checkKey(key) === undefined && filter.matches(key) ? key : undefined;
}
