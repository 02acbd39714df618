import {
  Box,
  EmptyStateLayout,
  IconButton,
  Table,
  Tbody,
  Td,
  Th,
  Thead,
  Tr,
  Typography,
  VisuallyHidden,
} from '@strapi/design-system';
import { Eye } from '@strapi/icons';
import { useState } from 'react';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useFormat } from '../hooks/useFormat';
import { RUNS_PAGE_SIZE, useRuns } from '../hooks/useRuns';
import { useTranslation, type MessageKey } from '../hooks/useTranslation';
import { Notice } from './Notice';
import { Pager } from './Pager';
import { Panel } from './Panel';
import { RunDetailsDialog } from './RunDetailsDialog';
import { RunStatus } from './RunStatus';

const COLUMNS: MessageKey[] = [
  'history.started',
  'history.trigger',
  'history.mode',
  'history.status',
  'count.uploaded',
  'count.deletedRemote',
  'count.failed',
  'count.duration',
];

interface RunHistoryProps {
  /** Changes whenever a run begins or ends. */
  version: string;
}

/** The last runs; a row opens everything that is known of its run. */
export function RunHistory({ version }: RunHistoryProps) {
  const t = useTranslation();
  const format = useFormat();
  const [page, setPage] = useState(1);
  const [opened, setOpened] = useState<RunAnswer>();
  const { runs, failed } = useRuns(page, version);
  const results = runs?.results ?? [];

  return (
    <Panel title={t('history.title')} description={t('history.description')}>
      {failed ? <Notice variant="danger" title={t('history.failed')} /> : null}
      {runs && results.length === 0 ? <EmptyStateLayout content={t('history.empty')} /> : null}
      {results.length > 0 ? (
        <Table colCount={COLUMNS.length + 1} rowCount={RUNS_PAGE_SIZE + 1}>
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column}>
                  <Typography variant="sigma" textColor="neutral600">
                    {t(column)}
                  </Typography>
                </Th>
              ))}
              <Th>
                <VisuallyHidden>{t('history.details')}</VisuallyHidden>
              </Th>
            </Tr>
          </Thead>
          <Tbody>
            {results.map((run) => (
              <Tr
                key={run.id}
                data-run={run.id}
                style={{ cursor: 'pointer' }}
                onClick={() => {
                  setOpened(run);
                }}
              >
                <Td>
                  <Typography tag="time" dateTime={run.startedAt} style={{ whiteSpace: 'nowrap' }}>
                    {format.moment(run.startedAt)}
                  </Typography>
                </Td>
                <Td>
                  <Typography>
                    {run.startedBy
                      ? t(`trigger.${run.trigger}.by`, { name: run.startedBy })
                      : t(`trigger.${run.trigger}`)}
                  </Typography>
                </Td>
                <Td>
                  <Typography>{run.mode}</Typography>
                </Td>
                <Td>
                  <RunStatus status={run.status} />
                </Td>
                <Td>
                  <Typography>{format.number(run.uploaded)}</Typography>
                </Td>
                <Td>
                  <Typography>{format.number(run.deletedRemote)}</Typography>
                </Td>
                <Td>
                  <Typography>{format.number(run.failed)}</Typography>
                </Td>
                <Td>
                  <Typography style={{ whiteSpace: 'nowrap' }}>
                    {run.durationMs === undefined ? '' : format.duration(run.durationMs)}
                  </Typography>
                </Td>
                <Td>
                  <Box
                    onClick={(event) => {
                      // The row listens too.
                      event.stopPropagation();
                    }}
                  >
                    <IconButton
                      type="button"
                      label={t('history.open', { moment: format.moment(run.startedAt) })}
                      variant="ghost"
                      onClick={() => {
                        setOpened(run);
                      }}
                    >
                      <Eye />
                    </IconButton>
                  </Box>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      ) : null}
      {runs ? <Pager pagination={runs.pagination} onPage={setPage} /> : null}
      {opened ? (
        <RunDetailsDialog
          key={opened.id}
          run={opened}
          onClose={() => {
            setOpened(undefined);
          }}
        />
      ) : null}
    </Panel>
  );
}
