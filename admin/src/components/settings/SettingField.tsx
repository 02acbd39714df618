import { Field } from '@strapi/design-system';
import type { ReactNode } from 'react';

import { useTranslation } from '../../hooks/useTranslation';
import type { FieldName } from '../../settingsDraft';

/** What every input of the form gets. */
export interface FieldProps<Value> {
  name: FieldName;
  value: Value;
  onChange: (name: FieldName, value: string | boolean) => void;
  error: string | undefined;
  /** The value comes from `config/plugins` and cannot be changed here. */
  locked: boolean;
  disabled: boolean;
  required?: boolean;
}

type SettingFieldProps = Omit<FieldProps<unknown>, 'value' | 'onChange' | 'disabled'> & { children: ReactNode };

/** The label of an input, its hint, and what is wrong with it. A locked one says where its value comes from. */
export function SettingField({ name, error, locked, required, children }: SettingFieldProps) {
  const t = useTranslation();

  return (
    <Field.Root
      name={name}
      error={error}
      hint={locked ? t('settings.locked') : t(`field.${name}.hint`)}
      required={required}
      id={`s3-sync-${name}`}
      width="100%"
    >
      <Field.Label>{t(`field.${name}`)}</Field.Label>
      {children}
      <Field.Hint />
      <Field.Error />
    </Field.Root>
  );
}
