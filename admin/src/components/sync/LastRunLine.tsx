import { Flex, Link, Typography } from '@strapi/design-system';
import { NavLink } from 'react-router-dom';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { RunStatus } from '../history/RunStatus';

/** The last run in few words, below one that is still to be settled. */
export function LastRunLine({ run }: { run: RunAnswer }) {
  const t = useTranslation();
  const summaryOf = useRunSummary();
  const triggerOf = useTriggerText();
  const format = useFormat();

  return (
    <Flex direction="column" alignItems="flex-start" gap={2} data-last-run={run.status}>
      <Typography tag="h3" variant="omega" fontWeight="bold">
        {t('status.lastRun')}
      </Typography>
      <Flex gap={3} wrap="wrap">
        <RunStatus status={run.status} />
        <Typography>{summaryOf(run)}</Typography>
        <Typography variant="pi" textColor="neutral600">
          {t('result.moment', { moment: format.moment(run.endedAt ?? run.startedAt), trigger: triggerOf(run) })}
        </Typography>
      </Flex>
      <Link tag={NavLink} to={`#history/${run.id}`}>
        {t('run.open')}
      </Link>
    </Flex>
  );
}
