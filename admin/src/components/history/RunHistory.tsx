import { Table, Tbody, Typography } from '@strapi/design-system';
import { useState } from 'react';

import type { RunListAnswer } from '../../../../server/src/routes/contract';
import { useLoaded } from '../../hooks/useLoaded';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { Panel } from '../common/Panel';
import { RunRow } from './RunRow';

const PAGE_SIZE = 20;

const columnsOf = (isMulti: boolean): MessageKey[] => [
  'history.started',
  'history.status',
  'history.uploaded',
  ...(isMulti ? (['history.downloaded'] as const) : []),
  'history.deleted',
  ...(isMulti ? (['history.conflicts'] as const) : []),
  'history.failures',
  'history.duration',
  'history.mode',
];

interface RunHistoryProps {
  /** Changes whenever a run begins or ends. */
  version: string;
  /** Opens everything that is known of a run. */
  onOpen: (id: number) => void;
}

/** The last runs, newest first. */
export function RunHistory({ version, onOpen }: RunHistoryProps) {
  const t = useTranslation();
  const [page, setPage] = useState(1);
  const { answer, failed } = useLoaded<RunListAnswer>('/runs', { page, pageSize: PAGE_SIZE }, version);
  const results = answer?.results ?? [];
  const isMulti = results.some(({ mode }) => mode === 'MULTI');
  const columns = columnsOf(isMulti);

  return (
    <Panel title={t('history.title')} description={t('history.description')}>
      {failed ? <Notice variant="danger" title={t('history.failed')} /> : null}
      {answer && results.length === 0 ? <Typography textColor="neutral600">{t('history.empty')}</Typography> : null}
      {results.length > 0 ? (
        <Table colCount={columns.length} rowCount={results.length + 1}>
          <Columns names={columns} />
          <Tbody>
            {results.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                isMulti={isMulti}
                onOpen={() => {
                  onOpen(run.id);
                }}
              />
            ))}
          </Tbody>
        </Table>
      ) : null}
      {answer ? <Pager pagination={answer.pagination} onPage={setPage} /> : null}
    </Panel>
  );
}
