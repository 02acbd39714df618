import { Flex, IconButton, Table, Tbody, Td, Th, Thead, Tr, Typography } from '@strapi/design-system';
import { CaretDown, CaretUp } from '@strapi/icons';

import type { PlanDetailAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { FileKeyCell } from '../common/FileKeyCell';
import { ActionTag, colorOf } from './ActionTag';

/** By what the rows are sorted. */
export interface PlanOrder {
  sort: 'action' | 'key' | 'size';
  order: 'asc' | 'desc';
}

const SORTED = ['action', 'key', 'size'] as const;

interface PlanTableProps {
  operations: PlanDetailAnswer['operations'];
  order: PlanOrder;
  onOrder: (order: PlanOrder) => void;
  /** Other rows are on their way. */
  loading: boolean;
}

/** One page of a plan. */
export function PlanTable({ operations, order, onOrder, loading }: PlanTableProps) {
  const t = useTranslation();
  const format = useFormat();

  return (
    <Table colCount={3} rowCount={operations.length + 1} aria-busy={loading}>
      <Thead>
        <Tr>
          {SORTED.map((sort) => {
            const isSorted = order.sort === sort;
            const isUp = isSorted && order.order === 'asc';
            const direction = order.order === 'asc' ? 'ascending' : 'descending';
            return (
              // The design system makes a cell of it, and a cell is not sorted.
              <Th key={sort} role="columnheader" aria-sort={isSorted ? direction : 'none'}>
                <Flex gap={1}>
                  <Typography variant="sigma" textColor="neutral600">
                    {t(`plan.column.${sort}`)}
                  </Typography>
                  <IconButton
                    type="button"
                    // The column by which the rows are sorted stands out.
                    variant={isSorted ? 'secondary' : 'ghost'}
                    size="S"
                    label={t('plan.sort', { column: t(`plan.column.${sort}`) })}
                    data-sort={sort}
                    onClick={() => {
                      onOrder({ sort, order: isSorted && order.order === 'asc' ? 'desc' : 'asc' });
                    }}
                  >
                    {isUp ? <CaretUp /> : <CaretDown />}
                  </IconButton>
                </Flex>
              </Th>
            );
          })}
        </Tr>
      </Thead>
      <Tbody>
        {operations.map(({ key, action, cause, size }) => (
          <Tr key={key} data-row={action}>
            <Td background={colorOf(action) === 'danger' ? 'danger100' : undefined}>
              <ActionTag action={action} />
            </Td>
            <FileKeyCell fileKey={key} note={t(`plan.cause.${cause}`)} />
            <Td>
              <Typography style={{ whiteSpace: 'nowrap' }}>{format.bytes(size)}</Typography>
            </Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
