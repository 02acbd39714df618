import { Textarea } from '@strapi/design-system';
import type { ChangeEvent } from 'react';

import { SettingField, type FieldProps } from './SettingField';

/** A setting that is a list, typed one entry per line. */
export function LinesField({ value, onChange, disabled, ...field }: FieldProps<string>) {
  const { name, locked } = field;

  return (
    <SettingField {...field}>
      <Textarea
        value={value}
        disabled={locked || disabled}
        spellCheck={false}
        resizable
        onChange={(event: ChangeEvent<HTMLTextAreaElement>) => {
          onChange(name, event.target.value);
        }}
      />
    </SettingField>
  );
}
