import { Combobox, ComboboxOption } from '@strapi/design-system';

import { AWS_REGIONS } from '../../awsRegions';
import { useTranslation } from '../../hooks/useTranslation';
import { SettingField, type FieldProps } from './SettingField';

// The same object each time: at a new one the design system forgets which option the keyboard is on.
const AUTOCOMPLETE = { type: 'list', filter: 'contains' } as const;

/** The region of the bucket: one of AWS's by its id or its name, or whatever another store calls its own. */
export function RegionField({ value, onChange, disabled, ...field }: FieldProps<string>) {
  const t = useTranslation();
  const { name, locked } = field;
  // An option is found by its id and by its name; what stands in the input is the id alone.
  const options = AWS_REGIONS.map((id) => ({ id, text: `${id} ${t(`region.${id}`)}` }));

  return (
    <SettingField {...field}>
      <Combobox
        value={value}
        textValue={value}
        allowCustomValue
        autocomplete={AUTOCOMPLETE}
        disabled={locked || disabled}
        placeholder=""
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        noOptionsMessage={() => t('field.awsRegion.custom')}
        onTextValueChange={(text) => {
          onChange(name, options.find((option) => option.text === text)?.id ?? text);
        }}
      >
        {options.map(({ id, text }) => (
          <ComboboxOption key={id} value={id} textValue={text}>
            {text}
          </ComboboxOption>
        ))}
      </Combobox>
    </SettingField>
  );
}
