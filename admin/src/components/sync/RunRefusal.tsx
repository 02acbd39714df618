import { Box, Typography } from '@strapi/design-system';
import { useIntl } from 'react-intl';

import type { RunAnswer, StartRunRequest } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { ConfirmAction } from '../common/ConfirmAction';
import { Notice } from '../common/Notice';

type Refusal = NonNullable<RunAnswer['refused']>;

interface RunRefusalProps {
  refusal: Refusal;
  /** Absent where the refusal is only looked at: an old run's deletes may no longer be what is wanted. */
  onStart?: (request: StartRunRequest) => void;
  disabled: boolean;
}

/** Why a run's deletes were held back, and the ways on. */
export function RunRefusal({ refusal, onStart, disabled }: RunRefusalProps) {
  const t = useTranslation();
  const format = useFormat();
  // The server writes English, with particulars; in another language the page has words of its own.
  const isEnglish = useIntl().locale.split('-')[0] === 'en';
  const { guard, count, limit, message, fix } = refusal;
  const values = { count, files: format.number(count), limit: format.number(limit) };

  return (
    <Notice
      variant="warning"
      title={t(`guard.${guard}`, values)}
      actions={
        onStart && hasWayOn(refusal) ? <WaysOn refusal={refusal} onStart={onStart} disabled={disabled} /> : undefined
      }
    >
      <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
        {isEnglish ? message : t(`guard.${guard}.meaning`, values)}
      </Typography>
      <Typography tag="p" style={{ overflowWrap: 'anywhere' }}>
        {isEnglish ? fix : t(`guard.${guard}.fix`)}
      </Typography>
    </Notice>
  );
}

/** Files are missing here, so they can be brought back. */
function isLoss({ guard }: Refusal): boolean {
  return guard === 'directory-emptied' || guard === 'folder-emptied';
}

function hasWayOn(refusal: Refusal): boolean {
  return isLoss(refusal) || refusal.digest !== undefined || refusal.guard === 'other-site';
}

/** What a person can do about it, each only where it helps. */
function WaysOn({ refusal, onStart, disabled }: Required<RunRefusalProps>) {
  const t = useTranslation();
  const format = useFormat();
  const { guard, digest, deletes = { remote: 0, local: 0 } } = refusal;
  const count = deletes.remote + deletes.local || refusal.count;
  const files = format.number(count);
  const isOwned = guard === 'other-site';

  return (
    <>
      {isLoss(refusal) ? (
        <ConfirmAction
          label={t('refusal.restore')}
          title={t('refusal.restore.title')}
          body={t('refusal.restore.body')}
          variant="secondary"
          disabled={disabled}
          onConfirm={() => {
            onStart({ restore: true });
          }}
        />
      ) : null}
      {digest === undefined ? null : (
        <ConfirmAction
          label={t('refusal.confirm', { count, files })}
          title={t('refusal.confirm.title', { count, files })}
          body={t('refusal.confirm.body')}
          details={<DeletesBySide {...deletes} />}
          typed={String(count)}
          variant="danger-light"
          disabled={disabled}
          onConfirm={() => {
            onStart({ confirm: digest });
          }}
        />
      )}
      {isOwned ? (
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
      ) : null}
    </>
  );
}

/** A delete in the bucket is for good, one of a local file is not: each is told by itself. */
function DeletesBySide({ remote, local }: NonNullable<Refusal['deletes']>) {
  const t = useTranslation();
  const format = useFormat();

  return (
    <Box tag="ul" paddingLeft={5} style={{ listStyle: 'disc' }}>
      {remote > 0 ? (
        <Typography tag="li" data-deletes="remote">
          {t('refusal.remote', { count: remote, files: format.number(remote) })}
        </Typography>
      ) : null}
      {local > 0 ? (
        <Typography tag="li" data-deletes="local">
          {t('refusal.local', { count: local, files: format.number(local) })}
        </Typography>
      ) : null}
    </Box>
  );
}
