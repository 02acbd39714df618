import { Flex, Td, TextButton, Tr, Typography } from '@strapi/design-system';
import type { ComponentProps, MouseEvent } from 'react';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { RunStatus } from './RunStatus';

interface RunRowProps extends Omit<ComponentProps<typeof Tr>, 'children' | 'onClick'> {
  run: RunAnswer;
  /** What only MULTI mode does has columns of its own. */
  isMulti: boolean;
  onOpen: () => void;
}

/**
 * One run in the history. A click anywhere opens it; the button is the way for a keyboard, whose arrow keys find it by
 * the place that the table gives the row: so that is handed on.
 */
export function RunRow({ run, isMulti, onOpen, ...row }: RunRowProps) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const format = useFormat();
  const moment = format.moment(run.startedAt);
  // The history is read when a run begins and ends: what it did so far is shown by the panel above.
  const count = (value: number) => (run.status === 'running' ? '' : format.number(value));
  const counts = [
    run.uploaded,
    ...(isMulti ? [run.downloaded] : []),
    run.deletedRemote + run.deletedLocal,
    ...(isMulti ? [run.conflicts] : []),
    run.failed,
  ];

  return (
    <Tr {...row} data-run={run.id} style={{ cursor: 'pointer' }} onClick={onOpen}>
      <Td>
        <Flex direction="column" alignItems="flex-start">
          <TextButton
            aria-label={t('history.open', { moment })}
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
      {counts.map((value, column) => (
        <Td key={column}>
          <Typography>{count(value)}</Typography>
        </Td>
      ))}
      <Td>
        <Typography style={{ whiteSpace: 'nowrap' }}>
          {run.durationMs === undefined ? '' : format.duration(run.durationMs)}
        </Typography>
      </Td>
      <Td>
        <Typography>{run.mode}</Typography>
      </Td>
    </Tr>
  );
}
