import { z } from 'zod';
import { explainBucketName } from './explainBucketName';
import { explainCron } from './explainCron';
import { explainGlob } from './explainGlob';
import { explainUrl } from './explainUrl';
import { nearestName } from './nearestName';

/** What is wrong with one setting, in words for the person who set it. */
export interface SettingError {
  /** The setting, then the name or index inside it. */
  path: string[];
  message: string;
}

/** Globs of keys that are synced where nothing else is set: what the Media Library writes. */
export const DEFAULT_INCLUDE = ['uploads/**'];

/** Globs of keys that are left alone: dotfiles, what operating systems drop, and what `strapi import` moves away. */
export const DEFAULT_EXCLUDE = [
  '**/.*',
  '**/.*/**',
  '**/Thumbs.db',
  '**/desktop.ini',
  '**/__MACOSX/**',
  'uploads_backup_*',
  'uploads_backup_*/**',
];

const MODES = ['SINGLE', 'MULTI'] as const;
const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const;

/** The canned ACLs of S3, without `public-read-write`, which would let anyone change the site's files. */
const ACLS = [
  'private',
  'public-read',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const;

const text = (max: number) => z.string('Must be text.').trim().max(max, `Has at most ${max} characters.`);

/** Text that an own function explains where it is wrong. */
const explained = (max: number, explain: (value: string) => string | undefined) =>
  text(max).superRefine((value, context) => {
    const message = explain(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

const whole = (min: number, max: number) => {
  const range = `Must be a whole number from ${min} to ${max}.`;
  return z.number(range).int(range).min(min, range).max(max, range);
};

const yesOrNo = z.boolean('Must be true or false.');

const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item, 'Must be a list.').max(max, `Has at most ${max} entries.`);

/** One of a few words; a slip is answered with the word that was probably meant. */
const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, {
    error: ({ input }) => {
      const near = typeof input === 'string' ? nearestName(input, words) : undefined;
      return near === undefined ? `Must be one of ${words.join(', ')}.` : `Did you mean ${near}?`;
    },
  });

const glob = explained(1024, explainGlob);

/** Every setting, checked the same way for `config/plugins`, the settings page and the command line. */
export const settingsSchema = z
  .strictObject({
    bucketName: explained(2048, explainBucketName).optional(),
    awsRegion: explained(64, explainRegion).optional(),
    mode: oneOf(MODES).optional(),
    prefix: explained(1024, explainPrefix).transform(withTrailingSlash).default(''),
    endpoint: explained(2048, explainUrl).optional(),
    forcePathStyle: yesOrNo.optional(),
    /** Absolute, or relative to the Strapi project; Strapi's public directory where it is not set. */
    directory: explained(4096, explainPath).optional(),
    include: list(glob, 100).min(1, 'Must name at least one pattern.').default(DEFAULT_INCLUDE),
    exclude: list(glob, 100).default(DEFAULT_EXCLUDE),
    stateDirectory: explained(4096, explainPath).optional(),
    syncOn: z
      .strictObject(
        {
          enabled: yesOrNo.default(true),
          excludedContentTypes: list(text(256).min(1, 'Must not be empty.'), 500).default([]),
          coalesceSeconds: z
            .number('Must be a number of seconds from 0.1 to 300.')
            .min(0.1, 'Must be at least 0.1 seconds.')
            .max(300, 'Must be at most 300 seconds.')
            .default(2),
        },
        'Must be an object.',
      )
      .prefault({}),
    /** Seconds; 0 is off. */
    scanEvery: z.union([z.literal(0), whole(10, 86_400)], 'Must be 0 (off) or 10 to 86400 seconds.').default(60),
    /** Not set: every six hours, at a minute of the instance's own. `null`: off. */
    reconcileCron: explained(256, explainCron).nullable().optional(),
    maxDelete: z
      .strictObject(
        {
          files: whole(0, 1_000_000).default(10),
          percent: whole(0, 100).default(25),
          absolute: whole(0, 1_000_000_000).default(1000),
        },
        'Must be an object.',
      )
      .prefault({}),
    cacheControl: explained(256, explainHeader).optional(),
    storageClass: text(64)
      .regex(/^[A-Z0-9_-]+$/, 'Is written in upper case, such as STANDARD_IA.')
      .optional(),
    serverSideEncryption: oneOf(ENCRYPTIONS).optional(),
    kmsKeyId: explained(2048, explainHeader).optional(),
    acl: oneOf(ACLS).optional(),
    publicBaseUrl: explained(2048, explainUrl).transform(withoutTrailingSlash).optional(),
    siteUrls: list(explained(2048, explainUrl).transform(withoutTrailingSlash), 20).default([]),
    readThrough: yesOrNo.optional(),
    /** Days. */
    trashDays: whole(0, 3650).default(7),
    /** Requests at a time. */
    concurrency: whole(1, 64).default(16),
  })
  .superRefine((settings, context) => {
    const { awsRegion, endpoint, kmsKeyId, serverSideEncryption } = settings;
    // Other stores name their regions as they like; AWS does not.
    if (awsRegion !== undefined && endpoint === undefined && !/^[a-z]{2}(-[a-z]+)+-\d+$/.test(awsRegion)) {
      context.addIssue({ code: 'custom', path: ['awsRegion'], message: 'An AWS region is written like us-west-2.' });
    }
    if (kmsKeyId !== undefined && serverSideEncryption !== 'aws:kms' && serverSideEncryption !== 'aws:kms:dsse') {
      const message = 'A KMS key is only used with serverSideEncryption aws:kms or aws:kms:dsse.';
      context.addIssue({ code: 'custom', path: ['kmsKeyId'], message });
    }
  });

/** All settings, defaults filled in. Holds no secret. */
export type Settings = z.output<typeof settingsSchema>;

/** Names of all settings, in the order of the schema. */
export const settingNames = settingsSchema.keyof().options;

/** True for the name of a setting. */
export function isSettingName(name: string): name is keyof Settings {
  return settingNames.some((known) => known === name);
}

/**
 * Checks settings from any source and fills in the defaults. Empty text and `null` mean "not set", but for
 * `reconcileCron`, where `null` means "off".
 *
 * @returns the settings, or one error for each setting that is wrong.
 */
export function parseSettings(input: unknown): { settings: Settings } | { errors: SettingError[] } {
  const given = z.record(z.string(), z.unknown(), 'Must be an object.').safeParse(input);
  if (!given.success) return { errors: toSettingErrors(given.error) };
  const parsed = settingsSchema.safeParse(withoutBlanks(given.data));
  return parsed.success ? { settings: parsed.data } : { errors: toSettingErrors(parsed.error) };
}

/** Leaves out what counts as not set. */
export function withoutBlanks(input: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([name, value]) => !isBlank(name, value)));
}

/** Whether a value of that setting counts as not set. */
export function isBlank(name: string, value: unknown): boolean {
  if (value === null) return name !== 'reconcileCron';
  return value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** One error for each setting: its first. An unknown name is answered with the nearest known one. */
export function toSettingErrors(error: z.ZodError): SettingError[] {
  const errors = error.issues.flatMap((issue): SettingError[] => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: explainUnknown(key, path) }));
  });
  return errors.filter(
    ({ path }, index) => errors.findIndex((other) => other.path.join('.') === path.join('.')) === index,
  );
}

function explainUnknown(key: string, path: readonly string[]): string {
  const near = nearestName(key, path[0] === undefined ? settingNames : namesInside(path[0]));
  return near === undefined ? 'There is no such setting.' : `There is no such setting. Did you mean ${near}?`;
}

function namesInside(setting: string): string[] {
  if (setting === 'syncOn') return ['enabled', 'excludedContentTypes', 'coalesceSeconds'];
  return ['files', 'percent', 'absolute'];
}

function explainRegion(region: string): string | undefined {
  if (/^[a-z0-9-]+$/.test(region)) {
    const zone = /^([a-z]{2}(?:-[a-z]+)+-\d)[a-f]$/.exec(region);
    return zone?.[1] === undefined ? undefined : `This is an availability zone. Did you mean ${zone[1]}?`;
  }
  const lower = region.toLowerCase().replaceAll('_', '-');
  const hint = /^[a-z]{2}(-[a-z]+)+-\d$/.test(lower) ? ` Did you mean ${lower}?` : '';
  return `A region has only lower case letters, digits and hyphens, such as us-west-2.${hint}`;
}

function explainPrefix(prefix: string): string | undefined {
  if (prefix === '') return undefined;
  if (prefix.startsWith('/')) return 'A prefix cannot begin with "/".';
  if (prefix.includes('//')) return 'A prefix cannot hold two slashes in a row.';
  if (prefix.includes('\\')) return 'A prefix cannot hold a backslash.';
  if (prefix.split('/').some((name) => name === '..' || name === '.')) {
    return 'A prefix cannot hold the folder names "." or "..".';
  }
  if (prefix.split('/').includes('.s3-sync')) return 'The folder .s3-sync belongs to the plugin.';
  if (/\p{Cc}/u.test(prefix)) return 'A prefix cannot hold control characters.';
  if (!prefix.isWellFormed()) return 'A prefix must be valid Unicode.';
  return Buffer.byteLength(withTrailingSlash(prefix)) > 512 ? 'A prefix has at most 512 bytes.' : undefined;
}

function explainPath(path: string): string | undefined {
  return path.includes('\0') ? 'A path cannot hold a NUL character.' : undefined;
}

function explainHeader(value: string): string | undefined {
  return /^[\x20-\x7e]*$/.test(value) ? undefined : 'Has only plain ASCII characters, and no line breaks.';
}

function withTrailingSlash(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
