import { isPlainObject } from './isPlainObject';
import type { ResolveUrl } from './MediaUrls';

/**
 * Replaces `url` and `formats.*.url` of a file of the Media Library. A file of another upload provider keeps them.
 *
 * @param file changed in place; its formats are replaced by a changed copy.
 */
export function rewriteFile(file: Record<string, unknown>, resolve: ResolveUrl): void {
  if (isOfAnotherProvider(file)) return;
  const url = publicUrlOf(file, resolve);
  if (url !== undefined) file.url = url;
  if (isPlainObject(file.formats)) file.formats = rewriteFormats(file.formats, resolve);
}

/**
 * Replaces `formats.*.url`.
 *
 * @returns a changed copy, or the same value where there is nothing to replace.
 */
export function rewriteFormats(formats: unknown, resolve: ResolveUrl): unknown {
  if (!isPlainObject(formats)) return formats;
  let changed: Record<string, unknown> | undefined;
  for (const [name, format] of Object.entries(formats)) {
    if (!isPlainObject(format)) continue;
    const url = publicUrlOf(format, resolve);
    if (url === undefined) continue;
    changed ??= { ...formats };
    changed[name] = { ...format, url };
  }
  return changed ?? formats;
}

/** The provider may not be among the fields that were asked for; then the URL alone tells. */
export function isOfAnotherProvider({ provider }: Record<string, unknown>): boolean {
  return typeof provider === 'string' && provider !== 'local';
}

function publicUrlOf({ url }: Record<string, unknown>, resolve: ResolveUrl): string | undefined {
  return typeof url === 'string' ? resolve(url) : undefined;
}
