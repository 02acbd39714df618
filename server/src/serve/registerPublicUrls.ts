import type { Core } from '@strapi/strapi';
import { servicesOf } from '../services';
import { FILE_UID } from '../services/uploadedFile';
import { isPlainObject } from './isPlainObject';
import { rewriteBlocks } from './rewriteBlocks';
import { rewriteEntity, type MediaSchema } from './rewriteEntity';
import { isOfAnotherProvider, rewriteFormats } from './rewriteFile';
import { rewriteText } from './rewriteText';

type Resolver = (parent: unknown, args: unknown, context: unknown, info: unknown) => unknown;

/** What wraps the resolver of a GraphQL field. */
type ResolverMiddleware = (
  next: Resolver,
  parent: unknown,
  args: unknown,
  context: unknown,
  info: unknown,
) => Promise<unknown>;

/** A content type or a component, with what names its type in GraphQL. */
type AnySchema = MediaSchema & { modelType: string; globalId: string };

/** The registry of sanitizers; Strapi's own type asks for curried functions. */
interface SanitizersRegistry {
  add(path: string, sanitizer: (schema: MediaSchema) => (data: unknown) => Promise<unknown>): unknown;
}

/** The parts of the GraphQL plugin that are used here; it is asked for by name, and need not be installed. */
interface GraphqlPlugin {
  service(name: 'extension'): {
    use(extension: () => { resolversConfig: Record<string, { middlewares: ResolverMiddleware[] }> }): unknown;
  };
  service(name: 'utils'): { naming: { getTypeName(contentType: AnySchema): string } };
}

/**
 * Puts public URLs into the answers of the REST and GraphQL APIs. The database, and what the administration reads, keep
 * the local ones.
 */
export function registerPublicUrls(strapi: Core.Strapi): void {
  registerRest(strapi);
  const graphql = strapi.get<{ get(name: string): GraphqlPlugin | undefined }>('plugins').get('graphql');
  if (graphql) registerGraphql(strapi, graphql);
}

function registerRest(strapi: Core.Strapi): void {
  const schemas = allSchemas(strapi);
  const schemaOf = (uid: string): MediaSchema | undefined => schemas().get(uid);
  // Strapi makes a sanitizer for each schema, and calls it with each entity.
  const sanitizers = strapi.get<SanitizersRegistry>('sanitizers');
  sanitizers.add('content-api.output', (schema) => async (data) => {
    const { mediaUrls } = servicesOf(strapi);
    if (!mediaUrls.isOn) return data;
    const { siteUrls } = mediaUrls;
    return mediaUrls.apply(data, (entity, resolve) => {
      rewriteEntity(entity, schema, { siteUrls, schemaOf, resolve });
      return entity;
    });
  });
}

/** Most GraphQL answers skip the sanitizers, so each field that can hold a media URL is looked at by itself. */
function registerGraphql(strapi: Core.Strapi, graphql: GraphqlPlugin): void {
  graphql.service('extension').use(() => {
    const { naming } = graphql.service('utils');
    const resolversConfig: Record<string, { middlewares: ResolverMiddleware[] }> = {};
    for (const schema of allSchemas(strapi)().values()) {
      const typeName = schema.modelType === 'component' ? schema.globalId : naming.getTypeName(schema);
      const middlewares = { ...fileMiddlewares(strapi, schema), ...textMiddlewares(strapi, schema) };
      for (const [field, middleware] of Object.entries(middlewares)) {
        resolversConfig[`${typeName}.${field}`] = { middlewares: [middleware] };
      }
    }
    return { resolversConfig };
  });
}

function fileMiddlewares(strapi: Core.Strapi, { uid }: AnySchema): Record<string, ResolverMiddleware> {
  if (uid !== FILE_UID) return {};
  const { mediaUrls } = servicesOf(strapi);
  const isLocal = (parent: unknown): boolean => !isPlainObject(parent) || !isOfAnotherProvider(parent);
  return {
    url: async (next, parent, ...rest) => {
      const url = await next(parent, ...rest);
      if (typeof url !== 'string' || !isLocal(parent)) return url;
      return mediaUrls.apply(url, (local, resolve) => resolve(local) ?? local);
    },
    formats: async (next, parent, ...rest) => {
      const formats = await next(parent, ...rest);
      return isLocal(parent) ? mediaUrls.apply(formats, rewriteFormats) : formats;
    },
  };
}

function textMiddlewares(strapi: Core.Strapi, { attributes }: AnySchema): Record<string, ResolverMiddleware> {
  const { mediaUrls } = servicesOf(strapi);
  const middlewares: Record<string, ResolverMiddleware> = {};
  for (const [name, { type }] of Object.entries(attributes)) {
    if (type === 'blocks') {
      middlewares[name] = async (next, ...rest) => mediaUrls.apply(await next(...rest), rewriteBlocks);
    }
    if (type === 'richtext') {
      middlewares[name] = async (next, ...rest) => {
        const text = await next(...rest);
        if (typeof text !== 'string') return text;
        return mediaUrls.apply(text, (local, resolve) => rewriteText(local, mediaUrls.siteUrls, resolve));
      };
    }
  }
  return middlewares;
}

/** Content types and components by their ids, as they are when they are first asked for. */
function allSchemas(strapi: Core.Strapi): () => ReadonlyMap<string, AnySchema> {
  let known: ReadonlyMap<string, AnySchema> | undefined;
  return () => {
    known ??= new Map(
      ['content-types', 'components'].flatMap((registry) => {
        const schemas = strapi.get<{ getAll(): Record<string, AnySchema> }>(registry).getAll();
        return Object.values(schemas).map((schema): [string, AnySchema] => [schema.uid, schema]);
      }),
    );
    return known;
  };
}
