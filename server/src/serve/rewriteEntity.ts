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
 * @param entity one entity as a query gives it, or nothing.
 * @returns a changed copy, or the same value where there is nothing to replace.
 */
export function rewriteEntity(entity: unknown, schema: MediaSchema, options: RewriteOptions): unknown {
  if (!isPlainObject(entity)) return entity;
  const whole = schema.uid === FILE_UID ? rewriteFile(entity, options.resolve) : entity;
  if (!isPlainObject(whole)) return entity;
  let changed = whole;
  for (const [name, attribute] of relevantOf(schema)) {
    const value = whole[name];
    if (value === undefined || value === null) continue;
    const rewritten = rewriteValue(value, attribute, options);
    if (rewritten !== value) changed = { ...changed, [name]: rewritten };
  }
  return changed;
}

function rewriteValue(value: unknown, attribute: MediaAttribute, options: RewriteOptions): unknown {
  const { resolve, siteUrls } = options;
  switch (attribute.type) {
    case 'blocks':
      return rewriteBlocks(value, resolve);
    case 'richtext':
      return typeof value === 'string' ? rewriteText(value, siteUrls, resolve) : value;
    default: {
      // Looked up once: a list may hold thousands.
      const declared = declaredSchema(attribute, options);
      return rewriteEach(value, (item) => {
        const schema = declared ?? toldSchema(item, options);
        return schema === undefined ? item : rewriteEntity(item, schema, options);
      });
    }
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

function rewriteEach(value: unknown, rewrite: (item: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return rewrite(value);
  const list: readonly unknown[] = value;
  const changed = list.map(rewrite);
  return changed.some((item, index) => item !== list[index]) ? changed : list;
}

function relevantOf(schema: MediaSchema): [name: string, attribute: MediaAttribute][] {
  const known = relevantBySchema.get(schema);
  if (known !== undefined) return known;
  const made = Object.entries(schema.attributes).filter(([, { type }]) => RELEVANT.has(type));
  relevantBySchema.set(schema, made);
  return made;
}
