import { SingleSelect, SingleSelectOption } from '@strapi/design-system';

import { SettingField, type FieldProps } from './SettingField';

/** A select cannot hold an empty value. */
const NOT_SET = 'not-set';

interface Choice {
  /** `''` leaves it to the plugin. */
  value: string;
  text: string;
}

/** A setting that is one of a few. */
export function ChoiceField({
  value,
  onChange,
  disabled,
  choices,
  ...field
}: FieldProps<string> & { choices: Choice[] }) {
  const { name, locked } = field;

  return (
    <SettingField {...field}>
      <SingleSelect
        value={value === '' ? NOT_SET : value}
        disabled={locked || disabled}
        onChange={(chosen) => {
          onChange(name, chosen === NOT_SET ? '' : String(chosen));
        }}
      >
        {choices.map((choice) => (
          <SingleSelectOption key={choice.value} value={choice.value === '' ? NOT_SET : choice.value}>
            {choice.text}
          </SingleSelectOption>
        ))}
      </SingleSelect>
    </SettingField>
  );
}
