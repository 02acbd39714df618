import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import type { FieldName, SettingsDraft } from '../../settingsDraft';
import { ChoiceField } from './ChoiceField';
import { LinesField } from './LinesField';
import { TextField } from './TextField';
import { ToggleField } from './ToggleField';

const LINES: readonly FieldName[] = ['include', 'exclude', 'excludedContentTypes', 'siteUrls'];

const NUMBERS: readonly FieldName[] = [
  'coalesceSeconds',
  'scanEvery',
  'maxDeleteFiles',
  'maxDeletePercent',
  'maxDeleteAbsolute',
  'trashDays',
  'concurrency',
];

/** Values to choose from, with their texts; those of S3 itself are shown as S3 writes them. */
const CHOICES: Partial<Record<FieldName, Record<string, MessageKey | undefined>>> = {
  reconcile: { '': 'choice.reconcile.default', own: 'choice.reconcile.own', off: 'settings.off' },
  readThrough: { '': 'choice.readThrough.default', on: 'settings.on', off: 'settings.off' },
  serverSideEncryption: {
    '': 'choice.notSent',
    AES256: undefined,
    'aws:kms': undefined,
    'aws:kms:dsse': undefined,
  },
  acl: {
    '': 'choice.notSent',
    private: undefined,
    'public-read': undefined,
    'authenticated-read': undefined,
    'aws-exec-read': undefined,
    'bucket-owner-read': undefined,
    'bucket-owner-full-control': undefined,
  },
};

interface SettingInputProps {
  name: FieldName;
  draft: SettingsDraft;
  onChange: (name: FieldName, value: string | boolean) => void;
  error: string | undefined;
  locked: boolean;
  disabled: boolean;
}

/** The input of one setting, of the kind that its value needs. */
export function SettingInput({ draft, ...field }: SettingInputProps) {
  const t = useTranslation();
  const { name } = field;
  const value = draft[name];
  if (typeof value === 'boolean') return <ToggleField {...field} value={value} />;
  const choices = CHOICES[name];
  if (choices) {
    const texts = Object.entries(choices).map(([choice, key]) => ({ value: choice, text: key ? t(key) : choice }));
    return <ChoiceField {...field} value={value} choices={texts} />;
  }
  if (LINES.includes(name)) return <LinesField {...field} value={value} />;
  return <TextField {...field} value={value} numeric={NUMBERS.includes(name)} />;
}
