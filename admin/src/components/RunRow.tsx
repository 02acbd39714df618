import { Box, Flex, IconButton, Td, Tr, Typography } from '@strapi/design-system';
import { Eye } from '@strapi/icons';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useFormat } from '../hooks/useFormat';
import { useTranslation } from '../hooks/useTranslation';
import { useTriggerText } from '../hooks/useTriggerText';
import { RunStatus } from './RunStatus';

interface RunRowProps {
  run: RunAnswer;
  onOpen: () => void;
}

/** One run in the history. A click anywhere opens it; the button is the way for a keyboard. */
export function RunRow({ run, onOpen }: RunRowProps) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const format = useFormat();
  // The history is read when a run begins and ends: what it did so far is shown by the panel above.
  const count = (value: number) => (run.status === 'running' ? '' : format.number(value));

  return (
    <Tr data-run={run.id} style={{ cursor: 'pointer' }} onClick={onOpen}>
      <Td>
        <Flex direction="column" alignItems="flex-start">
          <Typography tag="time" dateTime={run.startedAt} style={{ whiteSpace: 'nowrap' }}>
            {format.moment(run.startedAt)}
          </Typography>
          <Typography variant="pi" textColor="neutral600">
            {triggerOf(run)}
          </Typography>
        </Flex>
      </Td>
      <Td>
        <Typography>{run.mode}</Typography>
      </Td>
      <Td>
        <RunStatus status={run.status} />
      </Td>
      <Td>
        <Typography>{count(run.uploaded)}</Typography>
      </Td>
      <Td>
        <Typography>{count(run.deletedRemote + run.deletedLocal)}</Typography>
      </Td>
      <Td>
        <Typography>{count(run.failed)}</Typography>
      </Td>
      <Td>
        <Typography style={{ whiteSpace: 'nowrap' }}>
          {run.durationMs === undefined ? '' : format.duration(run.durationMs)}
        </Typography>
      </Td>
      <Td>
        <Box
          onClick={(event) => {
            // Else the row would hear the button's click too.
            event.stopPropagation();
          }}
        >
          <IconButton
            type="button"
            variant="ghost"
            label={t('history.open', { moment: format.moment(run.startedAt) })}
            onClick={onOpen}
          >
            <Eye />
          </IconButton>
        </Box>
      </Td>
    </Tr>
  );
}
