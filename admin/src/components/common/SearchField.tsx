import { Box, Searchbar } from '@strapi/design-system';
import type { ChangeEvent } from 'react';

import { useTranslation } from '../../hooks/useTranslation';

interface SearchFieldProps {
  name: string;
  /** What is looked for, for those who do not see the lens. */
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** Looks for files by a part of their path, while it is typed. */
export function SearchField({ name, label, value, onChange }: SearchFieldProps) {
  const t = useTranslation();

  return (
    <Box role="search" flex="1 1 24rem" maxWidth="48rem">
      <Searchbar
        name={name}
        value={value}
        placeholder={label}
        clearLabel={t('search.clear')}
        onClear={() => {
          onChange('');
        }}
        onChange={(event: ChangeEvent<HTMLInputElement>) => {
          onChange(event.target.value);
        }}
      >
        {label}
      </Searchbar>
    </Box>
  );
}
