import { isPlainObject } from './isPlainObject';
import type { ResolveUrl } from './MediaUrls';

/**
 * Replaces `url` and `formats.*.url` of a file of the Media Library. A file of another upload provider keeps them.
 *
 * @returns a changed copy, or the same value where there is nothing to replace.
 */
export function rewriteFile(file: unknown, resolve: ResolveUrl): unknown {
  if (!isPlainObject(file) || isOfAnotherProvider(file)) return file;
  const url = publicUrlOf(file, resolve);
  const formats = rewriteFormats(file.formats, resolve);
  if (url === undefined && formats === file.formats) return file;
  const changed = { ...file };
  if (url !== undefined) changed.url = url;
  if (formats !== file.formats) changed.formats = formats;
  return changed;
}

/** The same for `formats` alone. */
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
