import type { SettingsAnswer } from '../../server/src/routes/contract';

type Settings = SettingsAnswer['settings'];

/**
 * The settings as the inputs of the form hold them: a text or a number is a string, a list has one entry per line, and a
 * choice that leaves it to the plugin is `''`.
 */
export interface SettingsDraft {
  bucketName: string;
  awsRegion: string;
  mode: string;
  prefix: string;
  endpoint: string;
  forcePathStyle: boolean;
  directory: string;
  stateDirectory: string;
  include: string;
  exclude: string;
  syncEnabled: boolean;
  coalesceSeconds: string;
  excludedContentTypes: string;
  scanEvery: string;
  /** `''` for every six hours, `off`, or `own`: then `reconcileCron` says when. */
  reconcile: string;
  reconcileCron: string;
  maxDeleteFiles: string;
  maxDeletePercent: string;
  maxDeleteAbsolute: string;
  trashDays: string;
  publicBaseUrl: string;
  siteUrls: string;
  /** `''` for on in MULTI mode, `on` or `off`. */
  readThrough: string;
  cacheControl: string;
  storageClass: string;
  acl: string;
  serverSideEncryption: string;
  kmsKeyId: string;
  concurrency: string;
}

export type FieldName = keyof SettingsDraft;

/** Inputs that hold a setting under another name, or one part of it: the setting, then the name inside it. */
const PATHS = {
  syncEnabled: ['syncOn', 'enabled'],
  coalesceSeconds: ['syncOn', 'coalesceSeconds'],
  excludedContentTypes: ['syncOn', 'excludedContentTypes'],
  reconcile: ['reconcileCron'],
  maxDeleteFiles: ['maxDelete', 'files'],
  maxDeletePercent: ['maxDelete', 'percent'],
  maxDeleteAbsolute: ['maxDelete', 'absolute'],
} as const;

function hasPath(name: string): name is keyof typeof PATHS {
  return name in PATHS;
}

/** Where a field's value is among the settings: the setting, then the name inside it. */
export function pathOf(name: FieldName): readonly [string, ...string[]] {
  return hasPath(name) ? PATHS[name] : [name];
}

/** Saved settings as the form shows them. */
export function toDraft(settings: Settings): SettingsDraft {
  const { syncOn, maxDelete, reconcileCron, readThrough } = settings;
  return {
    bucketName: settings.bucketName ?? '',
    awsRegion: settings.awsRegion ?? '',
    mode: settings.mode ?? '',
    prefix: settings.prefix,
    endpoint: settings.endpoint ?? '',
    forcePathStyle: settings.forcePathStyle ?? false,
    directory: settings.directory ?? '',
    stateDirectory: settings.stateDirectory ?? '',
    include: settings.include.join('\n'),
    exclude: settings.exclude.join('\n'),
    syncEnabled: syncOn.enabled,
    coalesceSeconds: String(syncOn.coalesceSeconds),
    excludedContentTypes: syncOn.excludedContentTypes.join('\n'),
    scanEvery: String(settings.scanEvery),
    reconcile: typeof reconcileCron === 'string' ? 'own' : reconcileCron === null ? 'off' : '',
    reconcileCron: reconcileCron ?? '',
    maxDeleteFiles: String(maxDelete.files),
    maxDeletePercent: String(maxDelete.percent),
    maxDeleteAbsolute: String(maxDelete.absolute),
    trashDays: String(settings.trashDays),
    publicBaseUrl: settings.publicBaseUrl ?? '',
    siteUrls: settings.siteUrls.join('\n'),
    readThrough: readThrough === undefined ? '' : readThrough ? 'on' : 'off',
    cacheControl: settings.cacheControl ?? '',
    storageClass: settings.storageClass ?? '',
    acl: settings.acl ?? '',
    serverSideEncryption: settings.serverSideEncryption ?? '',
    kmsKeyId: settings.kmsKeyId ?? '',
    concurrency: String(settings.concurrency),
  };
}

function toLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What is no number is sent as it is, for the server to say so; an emptied field goes back to the default. */
function toNumber(text: string): number | string | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : trimmed;
}

function toCron({ reconcile, reconcileCron }: SettingsDraft): string | null {
  if (reconcile === 'off') return null;
  return reconcile === 'own' ? reconcileCron.trim() : '';
}

/** The form's values in the form in which the server takes them. */
function toSettings(draft: SettingsDraft): Record<string, unknown> {
  return {
    bucketName: draft.bucketName.trim(),
    awsRegion: draft.awsRegion.trim(),
    mode: draft.mode,
    prefix: draft.prefix.trim(),
    endpoint: draft.endpoint.trim(),
    forcePathStyle: draft.forcePathStyle,
    directory: draft.directory.trim(),
    stateDirectory: draft.stateDirectory.trim(),
    include: toLines(draft.include),
    exclude: toLines(draft.exclude),
    syncOn: {
      enabled: draft.syncEnabled,
      excludedContentTypes: toLines(draft.excludedContentTypes),
      coalesceSeconds: toNumber(draft.coalesceSeconds),
    },
    scanEvery: toNumber(draft.scanEvery) ?? null,
    reconcileCron: toCron(draft),
    maxDelete: {
      files: toNumber(draft.maxDeleteFiles),
      percent: toNumber(draft.maxDeletePercent),
      absolute: toNumber(draft.maxDeleteAbsolute),
    },
    trashDays: toNumber(draft.trashDays) ?? null,
    publicBaseUrl: draft.publicBaseUrl.trim(),
    siteUrls: toLines(draft.siteUrls),
    readThrough: draft.readThrough === '' ? null : draft.readThrough === 'on',
    cacheControl: draft.cacheControl.trim(),
    storageClass: draft.storageClass.trim(),
    acl: draft.acl,
    serverSideEncryption: draft.serverSideEncryption,
    kmsKeyId: draft.kmsKeyId.trim(),
    concurrency: toNumber(draft.concurrency) ?? null,
  };
}

/**
 * What a save sends: only settings that were changed, so that those fixed in `config/plugins` and those another
 * administrator changed meanwhile stay as they are.
 */
export function toChanges(draft: SettingsDraft, saved: SettingsDraft): Record<string, unknown> {
  const before = toSettings(saved);
  return Object.fromEntries(
    Object.entries(toSettings(draft)).filter(
      ([setting, value]) => JSON.stringify(value) !== JSON.stringify(before[setting]),
    ),
  );
}
