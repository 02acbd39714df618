import { Flex, Td, Typography } from '@strapi/design-system';
import type { ComponentProps } from 'react';

import { FileKey } from './FileKey';

interface FileKeyCellProps extends Omit<ComponentProps<typeof Td>, 'children'> {
  fileKey: string;
  /** What is said of the file, below its key. */
  note: string;
}

/**
 * The cell of a table that tells a file. The row of the table gives each of its cells a place, by which the arrow keys
 * find it: so a component for cells stands for one cell, and hands on what it is given.
 */
export function FileKeyCell({ fileKey, note, ...cell }: FileKeyCellProps) {
  return (
    <Td {...cell} style={{ whiteSpace: 'normal' }}>
      <Flex direction="column" alignItems="flex-start" gap={1} paddingTop={2} paddingBottom={2} minWidth="12rem">
        <FileKey>{fileKey}</FileKey>
        <Typography variant="pi" textColor="neutral600">
          {note}
        </Typography>
      </Flex>
    </Td>
  );
}
