import { Flex, Modal, Typography } from '@strapi/design-system';
import { useState } from 'react';

import { useFormat } from '../../hooks/useFormat';
import { useRunDetail } from '../../hooks/useRunDetail';
import { useTriggerText } from '../../hooks/useTriggerText';
import { useTranslation } from '../../hooks/useTranslation';
import type { RunAnswer } from '../../../../server/src/routes/contract';
import { FailureList } from './FailureList';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { RunCounts } from './RunCounts';
import { RunError } from './RunError';
import { RunRefusal } from '../sync/RunRefusal';
import { RunStatus } from './RunStatus';

/** Failures on one page of the dialog. */
const PAGE_SIZE = 25;

interface RunDetailsDialogProps {
  /** As the page knows it; the dialog asks for what is true now. */
  run: RunAnswer;
  onClose: () => void;
}

/** All that is known of one run: its numbers, why it was refused or failed, and each file that failed. */
export function RunDetailsDialog({ run: known, onClose }: RunDetailsDialogProps) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const format = useFormat();
  const [page, setPage] = useState(1);
  const { detail, failed } = useRunDetail(known.id, page, PAGE_SIZE);
  const run = detail?.run ?? known;
  const failures = detail?.failures ?? [];

  return (
    <Modal.Root
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <Modal.Content aria-describedby={undefined}>
        <Modal.Header closeLabel={t('action.close')}>
          <Modal.Title>{t('details.title', { moment: format.moment(run.startedAt) })}</Modal.Title>
        </Modal.Header>
        <Modal.Body>
          <Flex direction="column" alignItems="stretch" gap={5}>
            <Flex gap={3} wrap="wrap">
              <RunStatus status={run.status} />
              <Typography textColor="neutral600">{triggerOf(run)}</Typography>
            </Flex>
            <RunCounts run={run} />
            {run.refused ? <RunRefusal refusal={run.refused} disabled /> : null}
            {run.error ? <RunError error={run.error} /> : null}
            {failed ? <Notice variant="danger" title={t('details.failed')} /> : null}
            {failures.length > 0 ? (
              <Flex direction="column" alignItems="stretch" gap={3}>
                <Typography tag="h3" variant="delta">
                  {t('failures.title')}
                </Typography>
                <FailureList failures={failures} />
              </Flex>
            ) : null}
            {detail && failures.length === 0 && !run.error && !run.refused ? (
              <Typography textColor="neutral600">{t('details.noFailures')}</Typography>
            ) : null}
            {detail ? <Pager pagination={detail.pagination} onPage={setPage} /> : null}
          </Flex>
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
