import { Flex, Td, TextButton, Tr, Typography } from '@strapi/design-system';
import type { MouseEvent } from 'react';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
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
  const moment = format.moment(run.startedAt);
  // The history is read when a run begins and ends: what it did so far is shown by the panel above.
  const count = (value: number) => (run.status === 'running' ? '' : format.number(value));

  return (
    <Tr data-run={run.id} style={{ cursor: 'pointer' }} onClick={onOpen}>
      <Td>
        <Flex direction="column" alignItems="flex-start">
          <TextButton
            aria-label={t('history.open', { moment })}
            aria-haspopup="dialog"
            onClick={(event: MouseEvent) => {
              // Else the row would hear the button's click too.
              event.stopPropagation();
              onOpen();
            }}
          >
            <time dateTime={run.startedAt} style={{ whiteSpace: 'nowrap' }}>
              {moment}
            </time>
          </TextButton>
          <Typography variant="pi" textColor="neutral600">
            {triggerOf(run)}
          </Typography>
        </Flex>
      </Td>
      <Td>
        <RunStatus status={run.status} />
      </Td>
      <Td>
        <Typography>{run.mode}</Typography>
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
    </Tr>
  );
}
