import { z } from 'zod';
import { explain, REASON_CODES, type Explanation, type ReasonCode } from './explain';
import { explainBucketName } from './explainBucketName';
import { explainCron } from './explainCron';
import { explainGlob } from './explainGlob';
import { explainUrl } from './explainUrl';
import { nearestName } from './nearestName';

/** What is wrong with one setting, in words for the person who set it. */
export interface SettingError {
  /** The setting, then the name or index inside it. */
  path: string[];
  /** What is wrong, for programs; absent where it is no setting that is wrong. */
  code?: ReasonCode;
  /** What the text of that code names. */
  values?: Record<string, string>;
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

/** An issue of the schema that carries its explanation: zod itself has room for a text only. */
const issueOf = ({ message, ...params }: Explanation) => ({ code: 'custom', message, params }) as const;

/** A value that a function explains where it is wrong; where it does not, the value is of that type. */
const checked = <Value>(explainValue: (value: unknown) => Explanation | undefined) =>
  z.custom<Value>().superRefine((value, context) => {
    const found = explainValue(value);
    if (found !== undefined) context.addIssue(issueOf(found));
  });

const text = (max: number) => z.string('Must be text.').trim().max(max, explain('TOO_LONG', { max }).message);

/** Text that an own function explains where it is wrong. */
const explained = (max: number, explainText: (value: string) => Explanation | undefined) =>
  text(max).superRefine((value, context) => {
    const found = explainText(value);
    if (found !== undefined) context.addIssue(issueOf(found));
  });

const whole = (min: number, max: number) =>
  checked<number>((value) =>
    isNumberIn(value, min, max) && Number.isInteger(value) ? undefined : explain('WHOLE_NUMBER', { min, max }),
  );

const yesOrNo = z.boolean('Must be true or false.');

const list = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item, 'Must be a list.').max(max, explain('TOO_MANY', { max }).message);

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
    include: list(glob, 100).min(1, explain('NO_PATTERN').message).default(DEFAULT_INCLUDE),
    exclude: list(glob, 100).default(DEFAULT_EXCLUDE),
    stateDirectory: explained(4096, explainPath).optional(),
    syncOn: z
      .strictObject(
        {
          enabled: yesOrNo.default(true),
          excludedContentTypes: list(text(256).min(1, explain('EMPTY').message), 500).default([]),
          coalesceSeconds: checked<number>((value) =>
            isNumberIn(value, 0.1, 300) ? undefined : explain('SECONDS', { min: 0.1, max: 300 }),
          ).default(2),
        },
        'Must be an object.',
      )
      .prefault({}),
    /** Seconds; 0 is off. */
    scanEvery: checked<number>((value) => {
      const isOff = value === 0;
      const isWhole = isNumberIn(value, 10, 86_400) && Number.isInteger(value);
      return isOff || isWhole ? undefined : explain('SECONDS_OR_OFF', { min: 10, max: 86_400 });
    }).default(60),
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
    storageClass: explained(64, explainStorageClass).optional(),
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
      context.addIssue({ ...issueOf(explain('REGION_AWS')), path: ['awsRegion'] });
    }
    if (kmsKeyId !== undefined && serverSideEncryption !== 'aws:kms' && serverSideEncryption !== 'aws:kms:dsse') {
      context.addIssue({ ...issueOf(explain('KMS_KEY_UNUSED')), path: ['kmsKeyId'] });
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
    if (issue.code !== 'unrecognized_keys') return [{ path, ...reasonOf(issue), message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: explainUnknown(key, path) }));
  });
  return errors.filter(
    ({ path }, index) => errors.findIndex((other) => other.path.join('.') === path.join('.')) === index,
  );
}

const paramsSchema = z.object({ code: z.enum(REASON_CODES), values: z.record(z.string(), z.string()) });

/** The code of an issue, and what its text names; of zod's own checks only those that a person's text can fail. */
function reasonOf(issue: z.core.$ZodIssue): Pick<SettingError, 'code' | 'values'> {
  if (issue.code === 'custom') return paramsSchema.safeParse(issue.params).data ?? {};
  const isList = (issue.code === 'too_big' || issue.code === 'too_small') && issue.origin === 'array';
  if (issue.code === 'too_big') {
    return { code: isList ? 'TOO_MANY' : 'TOO_LONG', values: { max: String(issue.maximum) } };
  }
  return issue.code === 'too_small' ? { code: isList ? 'NO_PATTERN' : 'EMPTY', values: {} } : {};
}

function explainUnknown(key: string, path: readonly string[]): string {
  const near = nearestName(key, path[0] === undefined ? settingNames : namesInside(path[0]));
  return near === undefined ? 'There is no such setting.' : `There is no such setting. Did you mean ${near}?`;
}

function namesInside(setting: string): string[] {
  if (setting === 'syncOn') return ['enabled', 'excludedContentTypes', 'coalesceSeconds'];
  return ['files', 'percent', 'absolute'];
}

function isNumberIn(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function explainRegion(region: string): Explanation | undefined {
  if (/^[a-z0-9-]+$/.test(region)) {
    const zone = /^([a-z]{2}(?:-[a-z]+)+-\d)[a-f]$/.exec(region);
    return zone?.[1] === undefined ? undefined : explain('REGION_ZONE', { name: zone[1] });
  }
  const lower = region.toLowerCase().replaceAll('_', '-');
  return /^[a-z]{2}(-[a-z]+)+-\d$/.test(lower)
    ? explain('REGION_CHARACTERS_MEANT', { name: lower })
    : explain('REGION_CHARACTERS');
}

function explainStorageClass(name: string): Explanation | undefined {
  return /^[A-Z0-9_-]+$/.test(name) ? undefined : explain('STORAGE_CLASS');
}

function explainPrefix(prefix: string): Explanation | undefined {
  if (prefix === '') return undefined;
  if (prefix.startsWith('/')) return explain('PREFIX_SLASH');
  if (prefix.includes('//')) return explain('PREFIX_SLASHES');
  if (prefix.includes('\\')) return explain('PREFIX_BACKSLASH');
  if (prefix.split('/').some((name) => name === '..' || name === '.')) {
    return explain('PREFIX_DOTS');
  }
  if (prefix.split('/').includes('.s3-sync')) return explain('PREFIX_STATE_FOLDER');
  if (/\p{Cc}/u.test(prefix)) return explain('PREFIX_CONTROL');
  if (!prefix.isWellFormed()) return explain('PREFIX_UNICODE');
  return Buffer.byteLength(withTrailingSlash(prefix)) > 512 ? explain('PREFIX_BYTES', { max: 512 }) : undefined;
}

function explainPath(path: string): Explanation | undefined {
  return path.includes('\0') ? explain('PATH_NUL') : undefined;
}

function explainHeader(value: string): Explanation | undefined {
  return /^[\x20-\x7e]*$/.test(value) ? undefined : explain('HEADER');
}

function withTrailingSlash(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
