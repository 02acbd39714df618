/** Where the upload provider's files are served. */
const UPLOADS = '/uploads/';

/** Characters of the content's hash in a URL: enough that a replaced file has another address. */
const VERSION_LENGTH = 10;

/** URLs remembered. */
const MAX_URLS = 50_000;

/** A file that a local URL leads to, and its public URL. */
export class MediaPlace {
  readonly key: string;
  readonly #beforeVersion: string;
  readonly #fragment: string;
  #last: { md5: string; url: string } | undefined;

  /** @param publicUrl of the key, without a version. */
  constructor(key: string, publicUrl: string, query: string, fragment: string) {
    this.key = key;
    this.#beforeVersion = `${publicUrl}${query.length > 1 ? `${query}&` : '?'}v=`;
    this.#fragment = fragment;
  }

  /** The public URL of the file with this content. */
  urlOf(md5: string): string {
    if (this.#last?.md5 !== md5) {
      this.#last = { md5, url: `${this.#beforeVersion}${md5.slice(0, VERSION_LENGTH)}${this.#fragment}` };
    }
    return this.#last.url;
  }
}

/**
 * Knows which files the local URLs of a site lead to. Each is worked out once: an answer may hold thousands, and the
 * next one holds mostly the same.
 */
export class MediaPlaces {
  readonly #publicBaseUrl: string;
  readonly #sites: readonly string[];
  readonly #keyOf: (path: string) => string | undefined;
  readonly #known = new Map<string, MediaPlace>();

  /**
   * @param publicBaseUrl without a slash at the end.
   * @param siteUrls absolute URLs that are this site's own, without a slash at the end.
   * @param keyOf gives the key of a file below `/uploads/`, or nothing where it is not synced.
   */
  constructor(publicBaseUrl: string, siteUrls: readonly string[], keyOf: (path: string) => string | undefined) {
    this.#publicBaseUrl = publicBaseUrl;
    this.#sites = siteUrls.flatMap((site) => [site, site.replace(/^https?:/i, '')]);
    this.#keyOf = keyOf;
  }

  /** @returns `undefined` where the URL is not one of this site's media, or the file is not synced. */
  of(url: string): MediaPlace | undefined {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const place = this.#workOut(url);
    if (place !== undefined) this.#remember(url, place);
    return place;
  }

  #workOut(url: string): MediaPlace | undefined {
    const local = this.#toLocal(url);
    if (local === undefined) return undefined;
    const [, path = '', query = '', fragment = ''] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(local) ?? [];
    const name = decoded(path.slice(UPLOADS.length));
    const key = name === undefined ? undefined : this.#keyOf(name);
    return key === undefined
      ? undefined
      : new MediaPlace(key, `${this.#publicBaseUrl}/${encodedKey(key)}`, query, fragment);
  }

  /** @returns the URL from `/uploads/` on, or `undefined` where it is not one of this site's media. */
  #toLocal(url: string): string | undefined {
    if (url.startsWith(UPLOADS)) return url;
    // The bucket may be reached below a URL of the site itself: what is public already stays.
    if (url.startsWith(`${this.#publicBaseUrl}/`)) return undefined;
    const site = this.#sites.find((one) => url.startsWith(one + UPLOADS));
    return site === undefined ? undefined : url.slice(site.length);
  }

  #remember(url: string, place: MediaPlace): void {
    this.#known.set(url, place);
    if (this.#known.size <= MAX_URLS) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function encodedKey(key: string): string {
  return key.split('/').map(encoded).join('/');
}

/** As RFC 3986 says: the characters that JavaScript leaves alone would end a URL in Markdown or CSS. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
