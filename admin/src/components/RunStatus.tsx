import { Status, Typography, type StatusVariant } from '@strapi/design-system';

import type { RunAnswer } from '../../../server/src/routes/contract';
import { useTranslation } from '../hooks/useTranslation';

const VARIANTS: Record<RunAnswer['status'], StatusVariant> = {
  running: 'primary',
  done: 'success',
  refused: 'warning',
  partial: 'warning',
  failed: 'danger',
  cancelled: 'neutral',
  interrupted: 'warning',
};

/** How a run ended, in a word. */
export function RunStatus({ status }: { status: RunAnswer['status'] }) {
  const t = useTranslation();

  return (
    <Status variant={VARIANTS[status]} size="S" display="inline-flex">
      <Typography tag="span" variant="omega" fontWeight="bold">
        {t(`run.status.${status}`)}
      </Typography>
    </Status>
  );
}
