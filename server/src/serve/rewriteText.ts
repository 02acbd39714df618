import type { ResolveUrl } from './MediaUrls';

/**
 * Where a URL may begin in Markdown or HTML: at the start, after white space, a bracket, a quote, an equals sign, or the
 * comma of a `srcset`. A path inside the URL of another site begins nowhere.
 */
const BEFORE = String.raw`(?<=^|[\s("'<>=,|]|&quot;|&#39;)`;

/** What a URL does not hold. `&quot;` ends one inside an escaped attribute. */
const REST = String.raw`(?:(?!&quot;|&#39;)[^\s"'<>()\\|])*`;

/** What belongs to the sentence around a URL, more often than to the URL. */
const TRAILING = new Set('.,;:!?*_~]');

const patterns = new Map<string, RegExp>();

/**
 * Replaces the media URLs of this site in a Markdown or HTML text.
 *
 * @param siteUrls absolute URLs that are this site's own.
 * @returns the same text where there is nothing to replace.
 */
export function rewriteText(text: string, siteUrls: readonly string[], resolve: ResolveUrl): string {
  if (!text.includes('/uploads/')) return text;
  return text.replace(patternFor(siteUrls), (found) => replaced(found, resolve));
}

function replaced(found: string, resolve: ResolveUrl): string {
  const whole = resolve(unescaped(found));
  if (whole !== undefined) return whole;
  const end = endOfUrl(found);
  if (end === found.length) return found;
  const bare = resolve(unescaped(found.slice(0, end)));
  return bare === undefined ? found : bare + found.slice(end);
}

/** From the end, and not by a pattern: that would begin anew at each of many full stops. */
function endOfUrl(found: string): number {
  let end = found.length;
  while (TRAILING.has(found.charAt(end - 1))) end -= 1;
  return end;
}

/** In HTML an ampersand of a URL is written `&amp;`. */
function unescaped(url: string): string {
  return url.replaceAll('&amp;', '&');
}

function patternFor(siteUrls: readonly string[]): RegExp {
  const sites = siteUrls.flatMap((site) => [site, site.replace(/^https?:/i, '')]);
  const id = sites.join(' ');
  const known = patterns.get(id);
  if (known !== undefined) return known;
  const begins = sites.map((site) => site.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const made = new RegExp(`${BEFORE}(?:${[...begins, ''].join('|')})/uploads/${REST}`, 'g');
  patterns.clear();
  patterns.set(id, made);
  return made;
}
