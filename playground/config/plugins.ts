import path from 'node:path';
import type { Core } from '@strapi/strapi';

/** Leaves out what is not set: a value given here is locked on the settings page. */
const defined = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const plugins = ({ env }: Core.Config.Shared.ConfigParams) => ({
  'users-permissions': { config: { jwtSecret: env('JWT_SECRET', '') } },
  graphql: { enabled: true },
  's3-sync': {
    enabled: true,
    // The plugin of this repository. Not from __dirname: the server reads this file compiled, in dist/config, but the
    // admin build reads it here, and leaves out without a word a plugin that it does not find.
    resolve: path.resolve(process.cwd(), '..'),
    config: defined({
      endpoint: env('S3_ENDPOINT'),
      forcePathStyle: env.bool('S3_FORCE_PATH_STYLE'),
      accessKeyId: env('S3_ACCESS_KEY'),
      secretAccessKey: env('S3_SECRET_KEY'),
      sessionToken: env('S3_SESSION_TOKEN'),
      bucketName: env('S3_BUCKET'),
      awsRegion: env('S3_REGION'),
      prefix: env('S3_PREFIX'),
    }),
  },
});

export default plugins;
