import { FILE_UID } from '../services/uploadedFile';
import { isPlainObject } from './isPlainObject';
import type { ResolveUrl } from './MediaUrls';
import { rewriteBlocks } from './rewriteBlocks';
import { rewriteFile } from './rewriteFile';
import { rewriteText } from './rewriteText';

/** What is read of an attribute of a content type or a component. */
export interface MediaAttribute {
  type: string;
  /** Of a relation, unless its targets say themselves what they are. */
  target?: string | undefined;
  component?: string | undefined;
}

/** What is read of a content type or a component. */
export interface MediaSchema {
  uid: string;
  attributes: Record<string, MediaAttribute>;
}

export interface RewriteOptions {
  /** Absolute URLs that are this site's own. */
  siteUrls: readonly string[];
  schemaOf: (uid: string) => MediaSchema | undefined;
  resolve: ResolveUrl;
}

/** Attributes that can hold a media URL, at whatever depth. */
const RELEVANT = new Set(['media', 'relation', 'component', 'dynamiczone', 'blocks', 'richtext']);

const relevantBySchema = new WeakMap<MediaSchema, [name: string, attribute: MediaAttribute][]>();

/**
 * Replaces the media URLs in an answer: in the entity itself where it is a file, in media, relations, components and
 * dynamic zones at any depth, and in blocks and rich text.
 *
 * Changes the entities in place, as an answer may hold thousands: Strapi's own sanitizer, which comes first, has copied
 * each of them. What it did not copy, formats and blocks, is copied here.
 *
 * @param entity one entity as Strapi's sanitizer gives it, or nothing.
 */
export function rewriteEntity(entity: unknown, schema: MediaSchema, options: RewriteOptions): void {
  if (!isPlainObject(entity)) return;
  const { resolve, siteUrls } = options;
  if (schema.uid === FILE_UID) rewriteFile(entity, resolve);
  for (const [name, attribute] of relevantOf(schema)) {
    const value = entity[name];
    if (value === undefined || value === null) continue;
    if (attribute.type === 'blocks') {
      entity[name] = rewriteBlocks(value, resolve);
    } else if (attribute.type !== 'richtext') {
      rewriteParts(value, attribute, options);
    } else if (typeof value === 'string') {
      entity[name] = rewriteText(value, siteUrls, resolve);
    }
  }
}

/** @param value an entity, a list of them, or something else, which is left alone. */
function rewriteParts(value: unknown, attribute: MediaAttribute, options: RewriteOptions): void {
  // Looked up once: a list may hold thousands.
  const declared = declaredSchema(attribute, options);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const item of items) {
    const schema = declared ?? toldSchema(item, options);
    if (schema !== undefined) rewriteEntity(item, schema, options);
  }
}

/** What every item of the attribute is, where the attribute says so. */
function declaredSchema(
  { type, target, component }: MediaAttribute,
  { schemaOf }: RewriteOptions,
): MediaSchema | undefined {
  if (type === 'media') return schemaOf(FILE_UID);
  const named = type === 'component' ? component : target;
  return named === undefined ? undefined : schemaOf(named);
}

/** The parts of a dynamic zone and the targets of a polymorphic relation say what they are. */
function toldSchema(item: unknown, { schemaOf }: RewriteOptions): MediaSchema | undefined {
  const told = isPlainObject(item) ? (item.__component ?? item.__type) : undefined;
  return typeof told === 'string' ? schemaOf(told) : undefined;
}

function relevantOf(schema: MediaSchema): [name: string, attribute: MediaAttribute][] {
  const known = relevantBySchema.get(schema);
  if (known !== undefined) return known;
  const made = Object.entries(schema.attributes).filter(([, { type }]) => RELEVANT.has(type));
  relevantBySchema.set(schema, made);
  return made;
}
