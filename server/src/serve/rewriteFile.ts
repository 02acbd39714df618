import { isPlainObject } from './isPlainObject';
import type { ResolveUrl } from './MediaUrls';

/**
 * Replaces `url` and `formats.*.url` of a file of the Media Library. A file of another upload provider keeps them.
 *
 * @returns a changed copy, or the same value where there is nothing to replace.
 */
export function rewriteFile(file: unknown, resolve: ResolveUrl): unknown {
  if (!isPlainObject(file) || isOfAnotherProvider(file)) return file;
  const withUrl = rewriteUrl(file, resolve);
  const formats = rewriteFormats(file.formats, resolve);
  return formats === file.formats ? withUrl : { ...withUrl, formats };
}

/** The same for `formats` alone. */
export function rewriteFormats(formats: unknown, resolve: ResolveUrl): unknown {
  if (!isPlainObject(formats)) return formats;
  let changed = formats;
  for (const [name, format] of Object.entries(formats)) {
    if (!isPlainObject(format)) continue;
    const rewritten = rewriteUrl(format, resolve);
    if (rewritten !== format) changed = { ...changed, [name]: rewritten };
  }
  return changed;
}

/** The provider may not be among the fields that were asked for; then the URL alone tells. */
export function isOfAnotherProvider({ provider }: Record<string, unknown>): boolean {
  return typeof provider === 'string' && provider !== 'local';
}

function rewriteUrl(holder: Record<string, unknown>, resolve: ResolveUrl): Record<string, unknown> {
  const url = typeof holder.url === 'string' ? resolve(holder.url) : undefined;
  return url === undefined ? holder : { ...holder, url };
}
