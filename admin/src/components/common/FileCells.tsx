import { Flex, Td, Typography } from '@strapi/design-system';

import { useFormat } from '../../hooks/useFormat';
import { FileKey } from './FileKey';

interface FileCellsProps {
  fileKey: string;
  /** What is said of the file, below its key. */
  note: string;
  /** Bytes. */
  size: number;
}

/** The two cells of a table that tell a file: its key with a note, and its size. */
export function FileCells({ fileKey, note, size }: FileCellsProps) {
  const format = useFormat();
  return (
    <>
      <Td style={{ whiteSpace: 'normal' }}>
        <Flex direction="column" alignItems="flex-start" gap={1} paddingTop={2} paddingBottom={2} minWidth="16rem">
          <FileKey>{fileKey}</FileKey>
          <Typography variant="pi" textColor="neutral600">
            {note}
          </Typography>
        </Flex>
      </Td>
      <Td>
        <Typography style={{ whiteSpace: 'nowrap' }}>{format.bytes(size)}</Typography>
      </Td>
    </>
  );
}
