import type { Core } from '@strapi/strapi';
import { z } from 'zod';
import { splitConfig } from '../config';
import { credentialsSchema } from '../config/credentialsSchema';
import type { BucketSettings } from '../sync/bucket/BucketSettings';
import { findCredentials, type ChainSource } from '../sync/bucket/findCredentials';

/** Where the keys to the bucket come from. Reads them each time and keeps them nowhere. */
export interface CredentialsService {
  /** The keys of `config/plugins`, or `undefined` for the AWS default chain. */
  read(): BucketSettings['credentials'];
  source(): 'config' | 'aws-chain';
  /** Like `source`, but asks the default chain where it would find some. May take a second or two. */
  find(): Promise<'config' | ChainSource>;
}

/** Reads the credentials that the config validator has already checked. */
export function createCredentials(strapi: Core.Strapi): CredentialsService {
  function read(): BucketSettings['credentials'] {
    const config = z.record(z.string(), z.unknown()).parse(strapi.config.get('plugin::s3-sync', {}));
    const { accessKeyId, secretAccessKey, sessionToken } = credentialsSchema.parse(splitConfig(config).credentials);
    if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  let asking: Promise<ChainSource> | undefined;

  /** Those who ask at the same time share the answer. */
  function askChain(): Promise<ChainSource> {
    asking ??= findCredentials().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  return {
    read,
    source: () => (read() === undefined ? 'aws-chain' : 'config'),
    find: async () => (read() === undefined ? askChain() : 'config'),
  };
}
