import { Flex, Typography } from '@strapi/design-system';
import { useState } from 'react';

import type { PlanAnswer, PlanDetailAnswer } from '../../../../server/src/routes/contract';
import { useDebounced } from '../../hooks/useDebounced';
import { useLoaded } from '../../hooks/useLoaded';
import { useTranslation } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { SearchField } from '../common/SearchField';
import { FailureList } from '../history/FailureList';
import type { PlanAction } from './ActionTag';
import { PlanFilter } from './PlanFilter';
import { PlanTable, type PlanOrder } from './PlanTable';

const PAGE_SIZE = 50;

/** A search begins when nothing was typed for so long. */
const TYPING_MS = 250;

/** What a finished plan does, file by file: the server filters, sorts and leafs. */
export function PlanRows({ plan }: { plan: PlanAnswer }) {
  const t = useTranslation();
  const [action, setAction] = useState<PlanAction>();
  const [typed, setTyped] = useState('');
  const [order, setOrder] = useState<PlanOrder>({ sort: 'action', order: 'asc' });
  const [page, setPage] = useState(1);
  const search = useDebounced(typed, TYPING_MS);
  const { answer, failed, loading } = useLoaded<PlanDetailAnswer>(`/plans/${plan.id}`, {
    page,
    pageSize: PAGE_SIZE,
    action,
    search,
    ...order,
  });
  const operations = answer?.operations ?? [];

  return (
    <Flex direction="column" alignItems="stretch" gap={5}>
      {plan.failed > 0 ? (
        <Notice variant="warning" title={t('plan.failed.title', { count: plan.failed })}>
          <Typography tag="p">{t('plan.failed.consequence')}</Typography>
          {answer ? <FailureList failures={answer.failures} /> : null}
        </Notice>
      ) : null}
      <PlanFilter
        plan={plan}
        action={action}
        onChange={(chosen) => {
          setAction(chosen);
          setPage(1);
        }}
      />
      <Flex gap={4} wrap="wrap" justifyContent="space-between">
        <SearchField
          name="plan-search"
          label={t('plan.search')}
          value={typed}
          onChange={(value) => {
            setTyped(value);
            setPage(1);
          }}
        />
      </Flex>
      {failed ? <Notice variant="danger" title={t('plan.rows.failed')} /> : null}
      {answer && operations.length === 0 && !loading ? (
        <Typography textColor="neutral600" role="status">
          {t('plan.rows.none')}
        </Typography>
      ) : null}
      {operations.length > 0 ? (
        <PlanTable
          operations={operations}
          order={order}
          loading={loading}
          onOrder={(chosen) => {
            setOrder(chosen);
            setPage(1);
          }}
        />
      ) : null}
      {answer ? <Pager pagination={answer.pagination} onPage={setPage} /> : null}
    </Flex>
  );
}
