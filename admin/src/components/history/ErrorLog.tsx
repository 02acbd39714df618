import { Flex, Table, Tbody, Td, Tr, Typography, VisuallyHidden } from '@strapi/design-system';
import { CrossCircle, WarningCircle } from '@strapi/icons';
import { useState } from 'react';

import type { ErrorListAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useLoaded } from '../../hooks/useLoaded';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { Panel } from '../common/Panel';

const PAGE_SIZE = 10;

const COLUMNS: readonly MessageKey[] = ['errors.last', 'errors.message', 'errors.count'];

/** What went wrong beside the runs: triggers, the change feed, files that were asked for. */
export function ErrorLog({ version }: { version: string }) {
  const t = useTranslation();
  const format = useFormat();
  const [page, setPage] = useState(1);
  const { answer, failed } = useLoaded<ErrorListAnswer>('/errors', { page, pageSize: PAGE_SIZE }, version);
  const results = answer?.results ?? [];

  return (
    <Panel title={t('errors.title')} description={t('errors.description')}>
      {failed ? <Notice variant="danger" title={t('errors.failed')} /> : null}
      {answer && results.length === 0 ? <Typography textColor="neutral600">{t('errors.none')}</Typography> : null}
      {results.length > 0 ? (
        <Table colCount={COLUMNS.length} rowCount={results.length + 1}>
          <Columns names={COLUMNS} />
          <Tbody>
            {results.map(({ id, lastAt, host, source, level, message, count }) => (
              <Tr key={id} data-error={source}>
                <Td style={{ whiteSpace: 'normal' }}>
                  <Flex direction="column" alignItems="flex-start">
                    <Typography>{format.moment(lastAt)}</Typography>
                    <Typography variant="pi" textColor="neutral600">
                      {host}
                    </Typography>
                  </Flex>
                </Td>
                <Td style={{ whiteSpace: 'normal' }}>
                  <Flex
                    direction="column"
                    alignItems="flex-start"
                    gap={1}
                    paddingTop={2}
                    paddingBottom={2}
                    minWidth="16rem"
                  >
                    <Flex gap={2}>
                      <Flex shrink={0}>
                        {level === 'error' ? (
                          <CrossCircle fill="danger600" width="1.4rem" height="1.4rem" aria-hidden />
                        ) : (
                          <WarningCircle fill="warning600" width="1.4rem" height="1.4rem" aria-hidden />
                        )}
                      </Flex>
                      <VisuallyHidden>{t(`errors.level.${level}`)}</VisuallyHidden>
                      <Typography fontWeight="semiBold">{t(`errors.source.${source}`)}</Typography>
                    </Flex>
                    <Typography style={{ overflowWrap: 'anywhere' }}>{message}</Typography>
                  </Flex>
                </Td>
                <Td>
                  <Typography>{format.number(count)}</Typography>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      ) : null}
      {answer ? <Pager pagination={answer.pagination} onPage={setPage} /> : null}
    </Panel>
  );
}
