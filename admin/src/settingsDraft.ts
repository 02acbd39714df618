import type { SettingsAnswer } from '../../server/src/routes/contract';

type Settings = SettingsAnswer['settings'];

/** The settings of the form as its inputs hold them: every text is a string, a list has one entry per line. */
export interface SettingsDraft {
  bucketName: string;
  awsRegion: string;
  mode: string;
  prefix: string;
  endpoint: string;
  forcePathStyle: boolean;
  include: string;
  exclude: string;
}

/** The settings of the form's advanced part. */
export const ADVANCED_SETTINGS = ['prefix', 'endpoint', 'forcePathStyle', 'include', 'exclude'] as const;

const FORM_SETTINGS = ['bucketName', 'awsRegion', 'mode', ...ADVANCED_SETTINGS] as const;

/** Saved settings as the form shows them. */
export function toDraft(settings: Settings): SettingsDraft {
  return {
    bucketName: settings.bucketName ?? '',
    awsRegion: settings.awsRegion ?? '',
    mode: settings.mode ?? '',
    prefix: settings.prefix,
    endpoint: settings.endpoint ?? '',
    forcePathStyle: settings.forcePathStyle ?? false,
    include: settings.include.join('\n'),
    exclude: settings.exclude.join('\n'),
  };
}

function toLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * What a save sends: only what was changed, so that settings fixed in `config/plugins` and those another
 * administrator changed meanwhile stay as they are.
 */
export function toChanges(draft: SettingsDraft, saved: SettingsDraft): Record<string, unknown> {
  const values: Record<keyof SettingsDraft, unknown> = {
    bucketName: draft.bucketName.trim(),
    awsRegion: draft.awsRegion.trim(),
    mode: draft.mode,
    prefix: draft.prefix.trim(),
    endpoint: draft.endpoint.trim(),
    forcePathStyle: draft.forcePathStyle,
    include: toLines(draft.include),
    exclude: toLines(draft.exclude),
  };
  return Object.fromEntries(
    FORM_SETTINGS.filter((name) => draft[name] !== saved[name]).map((name) => [name, values[name]]),
  );
}
