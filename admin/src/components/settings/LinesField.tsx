import { Field, Textarea } from '@strapi/design-system';
import type { ChangeEvent } from 'react';

import { useTranslation } from '../../hooks/useTranslation';

interface LinesFieldProps {
  name: string;
  label: string;
  hint: string;
  /** One entry per line. */
  value: string;
  onChange: (name: string, value: string) => void;
  error: string | undefined;
  /** The value comes from `config/plugins` and cannot be changed here. */
  locked: boolean;
  disabled: boolean;
}

/** A setting that is a list, typed one entry per line. */
export function LinesField({ name, label, hint, value, onChange, error, locked, disabled }: LinesFieldProps) {
  const t = useTranslation();

  return (
    <Field.Root name={name} error={error} hint={locked ? t('settings.locked') : hint} id={`s3-sync-${name}`}>
      <Field.Label>{label}</Field.Label>
      <Textarea
        value={value}
        disabled={locked || disabled}
        spellCheck={false}
        resizable
        onChange={(event: ChangeEvent<HTMLTextAreaElement>) => {
          onChange(name, event.target.value);
        }}
      />
      <Field.Hint />
      <Field.Error />
    </Field.Root>
  );
}
