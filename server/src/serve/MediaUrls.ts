import type { KnownFiles } from './KnownFiles';
import { MediaPlaces } from './MediaPlaces';
import type { Serving, ServingSettings } from './Serving';

/** Gives the public URL of a local one, or `undefined` where it has to stay as it is. */
export type ResolveUrl = (url: string) => string | undefined;

/** A state of the site in which there are public URLs. */
interface PublicSite {
  serving: Serving;
  places: MediaPlaces;
}

/**
 * Turns local media URLs into public ones, for files that are surely in the bucket with the content that is here. What
 * is remembered of a URL is which file it means; whether that file is still the same is looked at for every answer.
 */
export class MediaUrls {
  readonly #settings: Pick<ServingSettings, 'last'>;
  readonly #known: Pick<KnownFiles, 'look' | 'learn'>;
  readonly #serverUrl: () => string;
  #site: PublicSite | undefined;

  /** @param serverUrl `server.url` of the Strapi project: a URL, a path, or empty. */
  constructor(
    settings: Pick<ServingSettings, 'last'>,
    known: Pick<KnownFiles, 'look' | 'learn'>,
    serverUrl: () => string,
  ) {
    this.#settings = settings;
    this.#known = known;
    this.#serverUrl = serverUrl;
  }

  /** Whether there are public URLs at all. */
  get isOn(): boolean {
    return this.#settings.last()?.publicBaseUrl !== undefined;
  }

  /** The absolute URLs that count as this site's own, without a slash at the end. */
  get siteUrls(): string[] {
    const serverUrl = this.#serverUrl().replace(/\/+$/, '');
    const others = this.#settings.last()?.siteUrls ?? [];
    return /^https?:\/\//i.test(serverUrl) ? [serverUrl, ...others] : [...others];
  }

  /**
   * Applies a change that asks for URLs. Where some of them are not known yet, the base is asked once for all of them,
   * and the change is made again.
   *
   * @param change may change the value in place: what is public already stays when it is made again.
   */
  async apply<Value>(value: Value, change: (value: Value, resolve: ResolveUrl) => Value): Promise<Value> {
    const site = this.#siteNow();
    if (site === undefined) return value;
    const unknown = new Set<string>();
    const resolve: ResolveUrl = (url) => this.#resolve(site, url, unknown);
    const changed = change(value, resolve);
    if (unknown.size === 0) return changed;
    await this.#known.learn(site.serving, unknown);
    return change(value, resolve);
  }

  #resolve({ serving, places }: PublicSite, url: string, unknown: Set<string>): string | undefined {
    const place = places.of(url);
    if (place === undefined) return undefined;
    const look = this.#known.look(serving, place.key);
    if (look.kind === 'ask') unknown.add(place.key);
    return look.kind === 'known' ? place.urlOf(look.md5) : undefined;
  }

  /** Other settings, other places. */
  #siteNow(): PublicSite | undefined {
    const serving = this.#settings.last();
    if (serving?.publicBaseUrl === undefined) return undefined;
    if (this.#site?.serving !== serving) {
      const keyOf = (path: string): string | undefined => serving.keyOf(path);
      this.#site = { serving, places: new MediaPlaces(serving.publicBaseUrl, this.siteUrls, keyOf) };
    }
    return this.#site;
  }
}
