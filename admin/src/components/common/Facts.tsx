import { Box, Flex, Typography } from '@strapi/design-system';
import type { ReactNode } from 'react';

/** One thing that is told, with its name. */
export interface Fact {
  name: string;
  value: ReactNode;
  /** Below the value, smaller. */
  note?: string | undefined;
}

/** A few things that are told side by side, as many as there is room for; wide ones below each other. */
export function Facts({ facts, wide = false }: { facts: Fact[]; wide?: boolean }) {
  return (
    <Box
      tag="dl"
      style={{
        display: 'grid',
        gap: '2rem',
        gridTemplateColumns: wide ? '1fr' : 'repeat(auto-fill, minmax(20rem, 1fr))',
      }}
    >
      {facts.map(({ name, value, note }) => (
        <Flex key={name} direction="column" alignItems="flex-start" gap={1}>
          <Typography tag="dt" variant="pi" textColor="neutral600">
            {name}
          </Typography>
          <Flex tag="dd" direction="column" alignItems="flex-start" gap={1}>
            <Typography tag="div" fontWeight="semiBold" textColor="neutral800" style={{ overflowWrap: 'anywhere' }}>
              {value}
            </Typography>
            {note ? (
              <Typography tag="div" variant="pi" textColor="neutral600">
                {note}
              </Typography>
            ) : null}
          </Flex>
        </Flex>
      ))}
    </Box>
  );
}
