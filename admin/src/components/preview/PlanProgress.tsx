import { Flex, Typography } from '@strapi/design-system';

import type { PlanAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { BusyBar } from '../common/BusyBar';

/** A plan that is being made. */
export function PlanProgress({ plan }: { plan: PlanAnswer }) {
  const t = useTranslation();
  const format = useFormat();
  const seen = t('plan.progress', { count: plan.seen, files: format.number(plan.seen) });

  return (
    <Flex direction="column" alignItems="stretch" gap={3} data-plan-progress>
      <BusyBar role="progressbar" aria-label={t('plan.progress.label')} aria-valuetext={seen} />
      <Typography>{seen}</Typography>
      <Typography variant="pi" textColor="neutral600">
        {t('plan.progress.hint')}
      </Typography>
    </Flex>
  );
}
