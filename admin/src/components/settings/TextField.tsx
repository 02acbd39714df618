import { Field, TextInput } from '@strapi/design-system';
import { Lock } from '@strapi/icons';
import { useId } from 'react';

import { useTranslation } from '../../hooks/useTranslation';

interface TextFieldProps {
  name: string;
  label: string;
  hint: string;
  value: string;
  onChange: (name: string, value: string) => void;
  error: string | undefined;
  /** The value comes from `config/plugins` and cannot be changed here. */
  locked: boolean;
  disabled: boolean;
  required?: boolean;
  placeholder?: string;
  /** Values to choose from; others can be typed. */
  suggestions?: readonly string[];
}

/** A setting of one line. */
export function TextField(props: TextFieldProps) {
  const { name, label, hint, value, onChange, error, locked, disabled, required, placeholder, suggestions } = props;
  const t = useTranslation();
  const listId = useId();

  return (
    <Field.Root
      name={name}
      error={error}
      hint={locked ? t('settings.locked') : hint}
      required={required}
      id={`s3-sync-${name}`}
    >
      <Field.Label>{label}</Field.Label>
      <TextInput
        value={value}
        placeholder={placeholder}
        disabled={locked || disabled}
        startAction={locked ? <Lock aria-hidden fill="neutral500" /> : undefined}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        list={suggestions ? listId : undefined}
        onChange={(event) => {
          onChange(name, event.target.value);
        }}
      />
      {suggestions ? (
        <datalist id={listId}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      ) : null}
      <Field.Hint />
      <Field.Error />
    </Field.Root>
  );
}
