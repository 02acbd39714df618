import { useNotification } from '@strapi/strapi/admin';
import { Button, Flex, Table, Tbody, Td, Tr, Typography } from '@strapi/design-system';
import { ArrowClockwise } from '@strapi/icons';
import { useState } from 'react';

import type { RestoreAnswer, TrashAnswer } from '../../../../server/src/routes/contract';
import { useDebounced } from '../../hooks/useDebounced';
import { useFormat } from '../../hooks/useFormat';
import { useLoaded } from '../../hooks/useLoaded';
import { usePost } from '../../hooks/usePost';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { FileKeyCell } from '../common/FileKeyCell';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { Panel } from '../common/Panel';
import { SearchField } from '../common/SearchField';

const PAGE_SIZE = 25;

/** A search begins when nothing was typed for so long. */
const TYPING_MS = 250;

const COLUMNS: readonly MessageKey[] = ['trash.key', 'trash.at', 'trash.action'];

interface TrashTabProps {
  canRun: boolean;
  /** Changes whenever a run ends: it may have put something here. */
  version: string;
}

/** What syncs overwrote or deleted on this server, and the way back. */
export function TrashTab({ canRun, version }: TrashTabProps) {
  const t = useTranslation();
  const format = useFormat();
  const { toggleNotification } = useNotification();
  const { send, busy } = usePost();
  const [typed, setTyped] = useState('');
  const [page, setPage] = useState(1);
  const [restored, setRestored] = useState<string>();
  const search = useDebounced(typed, TYPING_MS);
  const { answer, failed, loading } = useLoaded<TrashAnswer>(
    '/trash',
    { page, pageSize: PAGE_SIZE, search },
    `${version} ${restored ?? ''}`,
  );
  const items = answer?.results ?? [];

  const restore = async (id: string) => {
    const done = await send<RestoreAnswer>(`/trash/${id}/restore`);
    if (done === undefined) return;
    setRestored(id);
    toggleNotification({ type: 'success', message: t('trash.restored', { key: done.key }) });
  };

  return (
    <Panel
      title={t('trash.title')}
      description={
        answer
          ? t('trash.description', { count: answer.keptDays, days: format.number(answer.keptDays), host: answer.host })
          : undefined
      }
    >
      {canRun ? null : <Typography textColor="neutral600">{t('trash.permission')}</Typography>}
      {failed ? <Notice variant="danger" title={t('trash.failed')} /> : null}
      {items.length > 0 || typed !== '' ? (
        <Flex>
          <SearchField
            name="trash-search"
            label={t('trash.search')}
            value={typed}
            onChange={(value) => {
              setTyped(value);
              setPage(1);
            }}
          />
        </Flex>
      ) : null}
      {answer && items.length === 0 && !loading ? (
        <Typography textColor="neutral600" role="status">
          {t(search === '' ? 'trash.empty' : 'trash.none')}
        </Typography>
      ) : null}
      {items.length > 0 ? (
        <Table colCount={COLUMNS.length} rowCount={items.length + 1} aria-busy={loading}>
          <Columns names={COLUMNS} />
          <Tbody>
            {items.map(({ id, key, at, size, why }) => (
              <Tr key={id} data-trash={id}>
                <FileKeyCell
                  fileKey={key}
                  note={t('trash.note', { why: t(`trash.why.${why}`), size: format.bytes(size) })}
                />
                <Td style={{ whiteSpace: 'normal' }}>
                  <Typography>{format.moment(new Date(at).toISOString())}</Typography>
                </Td>
                <Td>
                  <Flex>
                    <Button
                      size="S"
                      variant="secondary"
                      startIcon={<ArrowClockwise />}
                      aria-label={t('trash.restore.label', { key })}
                      disabled={!canRun || busy}
                      onClick={() => void restore(id)}
                    >
                      {t('trash.restore')}
                    </Button>
                  </Flex>
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
