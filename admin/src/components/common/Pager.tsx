import { Flex, IconButton, Typography } from '@strapi/design-system';
import { ChevronLeft, ChevronRight } from '@strapi/icons';

import type { Pagination } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';

interface PagerProps {
  pagination: Pagination;
  /** Gets the page to show, counted from 1. */
  onPage: (page: number) => void;
}

/** Leafs through a list that is longer than one page; nothing where it is not. */
export function Pager({ pagination: { page, pageSize, total }, onPage }: PagerProps) {
  const t = useTranslation();
  const format = useFormat();
  if (total <= pageSize) return null;
  const first = (page - 1) * pageSize + 1;
  const last = Math.min(page * pageSize, total);

  return (
    <Flex tag="nav" aria-label={t('pager.label')} gap={2} justifyContent="flex-end">
      <Typography variant="pi" textColor="neutral600" aria-live="polite">
        {t('pager.range', { first: format.number(first), last: format.number(last), total: format.number(total) })}
      </Typography>
      <IconButton
        type="button"
        label={t('pager.previous')}
        disabled={page <= 1}
        onClick={() => {
          onPage(page - 1);
        }}
      >
        <ChevronLeft />
      </IconButton>
      <IconButton
        type="button"
        label={t('pager.next')}
        disabled={last >= total}
        onClick={() => {
          onPage(page + 1);
        }}
      >
        <ChevronRight />
      </IconButton>
    </Flex>
  );
}
