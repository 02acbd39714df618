import { TextInput } from '@strapi/design-system';
import { Lock } from '@strapi/icons';

import { SettingField, type FieldProps } from './SettingField';

/** A setting of one line. */
export function TextField({
  value,
  onChange,
  disabled,
  numeric,
  ...field
}: FieldProps<string> & { numeric?: boolean }) {
  const { name, locked } = field;

  return (
    <SettingField {...field}>
      <TextInput
        value={value}
        disabled={locked || disabled}
        startAction={locked ? <Lock aria-hidden fill="neutral500" /> : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        inputMode={numeric ? 'decimal' : undefined}
        onChange={(event) => {
          onChange(name, event.target.value);
        }}
      />
    </SettingField>
  );
}
