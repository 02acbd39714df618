import { Button, Flex, Typography } from '@strapi/design-system';

import type { PlanAnswer, StartRunRequest } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { ConfirmAction } from '../common/ConfirmAction';

interface ApplyPlanProps {
  plan: PlanAnswer;
  disabled: boolean;
  /** A request is on its way. */
  busy: boolean;
  onApply: (request: StartRunRequest) => void;
}

/** Carries out a plan. Deletes are never done by one click; those that a guard withholds can be left out. */
export function ApplyPlan({ plan, disabled, busy, onApply }: ApplyPlanProps) {
  const t = useTranslation();
  const format = useFormat();
  const { counts, refused } = plan;
  const count = counts['delete-remote'].files + counts['delete-local'].files;
  const transfers = counts.upload.files + counts.download.files + counts.conflict.files;
  const files = format.number(count);

  if (count === 0) {
    return (
      <Flex>
        <Button
          disabled={disabled}
          loading={busy}
          onClick={() => {
            onApply({ plan: plan.id });
          }}
        >
          {t('plan.apply')}
        </Button>
      </Flex>
    );
  }
  return (
    <Flex direction="column" alignItems="flex-start" gap={3}>
      <Flex gap={3} wrap="wrap">
        <ConfirmAction
          label={t('plan.apply.deletes', { count, files })}
          title={t('plan.apply.title', { count, files })}
          body={t('plan.apply.body')}
          {...(refused ? { typed: String(count) } : {})}
          variant="danger-light"
          disabled={disabled || busy}
          onConfirm={() => {
            onApply({ plan: plan.id, ...(refused?.digest === undefined ? {} : { confirm: refused.digest }) });
          }}
        />
        {refused && transfers > 0 ? (
          <Button
            variant="secondary"
            disabled={disabled}
            loading={busy}
            onClick={() => {
              onApply({ plan: plan.id });
            }}
          >
            {t('plan.apply.transfers')}
          </Button>
        ) : null}
      </Flex>
      {refused && transfers > 0 ? (
        <Typography tag="p" variant="pi" textColor="neutral600">
          {t('plan.apply.transfers.hint')}
        </Typography>
      ) : null}
    </Flex>
  );
}
