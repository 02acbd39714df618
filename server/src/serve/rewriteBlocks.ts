import { isPlainObject } from './isPlainObject';
import type { ResolveUrl } from './MediaUrls';
import { rewriteFile } from './rewriteFile';

/**
 * Replaces the media URLs of this site in a blocks field: those of images, with their formats, and those of links.
 *
 * @returns a changed copy, or the same value where there is nothing to replace.
 */
export function rewriteBlocks(value: unknown, resolve: ResolveUrl): unknown {
  if (Array.isArray(value)) return rewriteList(value, resolve);
  if (!isPlainObject(value)) return value;
  let changed = value;
  const set = (name: string, now: unknown): void => {
    if (now !== value[name]) changed = { ...changed, [name]: now };
  };
  if (value.type === 'image' && isPlainObject(value.image)) {
    const image = { ...value.image };
    rewriteFile(image, resolve);
    set('image', image);
  }
  if (value.type === 'link' && typeof value.url === 'string') set('url', resolve(value.url) ?? value.url);
  if (Array.isArray(value.children)) set('children', rewriteList(value.children, resolve));
  return changed;
}

function rewriteList(list: readonly unknown[], resolve: ResolveUrl): unknown {
  const changed = list.map((item) => rewriteBlocks(item, resolve));
  return changed.some((item, index) => item !== list[index]) ? changed : list;
}
