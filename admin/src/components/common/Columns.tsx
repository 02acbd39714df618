import { Th, Thead, Tr, Typography } from '@strapi/design-system';

import { useTranslation, type MessageKey } from '../../hooks/useTranslation';

/** The head of a table whose columns only have names. */
export function Columns({ names }: { names: readonly MessageKey[] }) {
  const t = useTranslation();

  return (
    <Thead>
      <Tr>
        {names.map((name) => (
          <Th key={name}>
            <Typography variant="sigma" textColor="neutral600">
              {t(name)}
            </Typography>
          </Th>
        ))}
      </Tr>
    </Thead>
  );
}
