import { Toggle } from '@strapi/design-system';

import { useTranslation } from '../../hooks/useTranslation';
import { SettingField, type FieldProps } from './SettingField';

/** A setting that is on or off. */
export function ToggleField({ value, onChange, disabled, ...field }: FieldProps<boolean>) {
  const t = useTranslation();
  const { name, locked } = field;

  return (
    <SettingField {...field}>
      <Toggle
        checked={value}
        disabled={locked || disabled}
        onLabel={t('settings.on')}
        offLabel={t('settings.off')}
        onChange={(event) => {
          onChange(name, event.target.checked);
        }}
      />
    </SettingField>
  );
}
