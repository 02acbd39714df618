import { Typography } from '@strapi/design-system';

import type { RunAnswer, StartRunRequest } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { ConfirmAction } from '../common/ConfirmAction';
import { Notice } from '../common/Notice';

interface RunRefusalProps {
  refusal: NonNullable<RunAnswer['refused']>;
  /** Absent where the refusal is only looked at: an old run's deletes may no longer be what is wanted. */
  onStart?: (request: StartRunRequest) => void;
  disabled: boolean;
}

/** Why a run's deletes were held back, and the ways on. */
export function RunRefusal({ refusal, onStart, disabled }: RunRefusalProps) {
  const t = useTranslation();
  const format = useFormat();
  const { guard, count, digest, message, fix } = refusal;
  const files = format.number(count);
  const owned = guard === 'other-site' || guard === 'other-directory';

  const confirmDeletes =
    onStart && digest !== undefined ? (
      <ConfirmAction
        label={t('refusal.confirm', { count, files })}
        title={t('refusal.confirm.title', { count, files })}
        body={t('refusal.confirm.body', { count, files })}
        variant="danger-light"
        disabled={disabled}
        onConfirm={() => {
          onStart({ confirm: digest });
        }}
      />
    ) : null;
  const takeOver =
    onStart && owned ? (
      <ConfirmAction
        label={t('refusal.takeOver')}
        title={t('refusal.takeOver.title')}
        body={t('refusal.takeOver.body')}
        variant="danger-light"
        disabled={disabled}
        onConfirm={() => {
          onStart({ takeOver: true });
        }}
      />
    ) : null;

  return (
    <Notice
      variant="warning"
      title={t(`guard.${guard}`, { count, files })}
      actions={
        confirmDeletes || takeOver ? (
          <>
            {confirmDeletes}
            {takeOver}
          </>
        ) : undefined
      }
    >
      <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
        {message}
      </Typography>
      {fix ? (
        <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
          {fix}
        </Typography>
      ) : null}
    </Notice>
  );
}
