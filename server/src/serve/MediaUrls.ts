import type { KnownFiles } from './KnownFiles';
import type { Serving, ServingSettings } from './Serving';

/** Where the upload provider's files are served. */
const UPLOADS = '/uploads/';

/** Characters of the content's hash in a URL: enough that a replaced file has another address. */
const VERSION_LENGTH = 10;

/** Paths that are the same with and without escapes. */
const PLAIN = /^[\w./-]*$/;

/** Gives the public URL of a local one, or `undefined` where it has to stay as it is. */
export type ResolveUrl = (url: string) => string | undefined;

/** Turns local media URLs into public ones, for files that are surely in the bucket with the content that is here. */
export class MediaUrls {
  readonly #settings: Pick<ServingSettings, 'last'>;
  readonly #known: Pick<KnownFiles, 'look' | 'learn'>;
  readonly #serverUrl: () => string;

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
   */
  async apply<Value>(value: Value, change: (value: Value, resolve: ResolveUrl) => Value): Promise<Value> {
    const serving = this.#settings.last();
    if (serving?.publicBaseUrl === undefined) return value;
    const unknown = new Set<string>();
    const siteUrls = this.siteUrls;
    const resolve: ResolveUrl = (url) => this.#resolve(serving, siteUrls, url, unknown);
    const changed = change(value, resolve);
    if (unknown.size === 0) return changed;
    await this.#known.learn(serving, unknown);
    return change(value, resolve);
  }

  #resolve(serving: Serving, siteUrls: readonly string[], url: string, unknown: Set<string>): string | undefined {
    const local = toLocal(url, siteUrls, serving.publicBaseUrl);
    if (local === undefined) return undefined;
    const { path, query, fragment } = partsOf(local);
    const known = this.#lookAt(serving, path.slice(UPLOADS.length), unknown);
    if (known === undefined) return undefined;
    const version = `v=${known.md5.slice(0, VERSION_LENGTH)}`;
    const search = query.length > 1 ? `${query}&${version}` : `?${version}`;
    return `${serving.publicBaseUrl ?? ''}/${encodedKey(known.key)}${search}${fragment}`;
  }

  /** @param path below `/uploads/`, as it stands in the URL. */
  #lookAt(serving: Serving, path: string, unknown: Set<string>): { key: string; md5: string } | undefined {
    // An answer may hold thousands: what is known already needs no second look at its name.
    if (serving.keyPrefix !== undefined && PLAIN.test(path)) {
      const key = serving.keyPrefix + path;
      const look = this.#known.look(serving, key);
      if (look.kind !== 'ask') return look.kind === 'known' ? { key, md5: look.md5 } : undefined;
    }
    const name = decoded(path);
    const key = name === undefined ? undefined : serving.keyOf(name);
    if (key === undefined) return undefined;
    const look = this.#known.look(serving, key);
    if (look.kind === 'ask') unknown.add(key);
    return look.kind === 'known' ? { key, md5: look.md5 } : undefined;
  }
}

function partsOf(local: string): { path: string; query: string; fragment: string } {
  // Most URLs have nothing after the path, and an answer may hold thousands.
  if (!local.includes('?') && !local.includes('#')) return { path: local, query: '', fragment: '' };
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(local) ?? [];
  return { path, query, fragment };
}

/** @returns the URL from `/uploads/` on, or `undefined` where it is not one of this site's media. */
function toLocal(url: string, siteUrls: readonly string[], publicBaseUrl: string | undefined): string | undefined {
  if (url.startsWith(UPLOADS)) return url;
  // The bucket may be reached below a URL of the site itself: what is public already stays.
  if (publicBaseUrl !== undefined && url.startsWith(`${publicBaseUrl}/`)) return undefined;
  for (const site of siteUrls) {
    for (const base of [site, site.replace(/^https?:/i, '')]) {
      if (url.startsWith(base + UPLOADS)) return url.slice(base.length);
    }
  }
  return undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function encodedKey(key: string): string {
  return PLAIN.test(key) ? key : key.split('/').map(encoded).join('/');
}

/** As RFC 3986 says: the characters that JavaScript leaves alone would end a URL in Markdown or CSS. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
