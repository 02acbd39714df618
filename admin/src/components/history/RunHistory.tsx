import { Table, Tbody, Th, Thead, Tr, Typography } from '@strapi/design-system';
import { useState } from 'react';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { RUNS_PAGE_SIZE, useRuns } from '../../hooks/useRuns';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { Panel } from '../common/Panel';
import { RunDetailsDialog } from './RunDetailsDialog';
import { RunRow } from './RunRow';

const COLUMNS: MessageKey[] = [
  'history.started',
  'history.status',
  'history.mode',
  'history.uploaded',
  'history.deleted',
  'history.failures',
  'history.duration',
];

interface RunHistoryProps {
  /** Changes whenever a run begins or ends. */
  version: string;
}

/** The last runs; a row opens everything that is known of its run. */
export function RunHistory({ version }: RunHistoryProps) {
  const t = useTranslation();
  const [page, setPage] = useState(1);
  const [opened, setOpened] = useState<RunAnswer>();
  const { runs, failed } = useRuns(page, version);
  const results = runs?.results ?? [];

  return (
    <Panel title={t('history.title')} description={t('history.description')}>
      {failed ? <Notice variant="danger" title={t('history.failed')} /> : null}
      {runs && results.length === 0 ? <Typography textColor="neutral600">{t('history.empty')}</Typography> : null}
      {results.length > 0 ? (
        <Table colCount={COLUMNS.length} rowCount={RUNS_PAGE_SIZE + 1}>
          <Thead>
            <Tr>
              {COLUMNS.map((column) => (
                <Th key={column}>
                  <Typography variant="sigma" textColor="neutral600">
                    {t(column)}
                  </Typography>
                </Th>
              ))}
            </Tr>
          </Thead>
          <Tbody>
            {results.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                onOpen={() => {
                  setOpened(run);
                }}
              />
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
