import { Link, Typography } from '@strapi/design-system';
import { NavLink } from 'react-router-dom';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useServerName } from '../../hooks/useServerName';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { Notice } from '../common/Notice';

/** What goes on on other servers of the site, and what is to be settled there. It keeps nobody from anything here. */
export function ElsewhereRuns({ runs }: { runs: RunAnswer[] }) {
  const t = useTranslation();
  const serverOf = useServerName();
  const summaryOf = useRunSummary();
  const triggerOf = useTriggerText();
  const format = useFormat();

  return runs.map((run) => {
    const isRunning = run.status === 'running';
    const server = serverOf(run);
    const status = t(`run.status.${run.status}`);
    return (
      <div key={run.id} data-elsewhere={run.status}>
        <Notice
          variant={isRunning ? 'info' : 'warning'}
          title={isRunning ? t('elsewhere.running', { server }) : t('elsewhere.unresolved', { server, status })}
          actions={
            <Link tag={NavLink} to={`#history/${run.id}`}>
              {t('run.open')}
            </Link>
          }
        >
          <Typography tag="p">
            {isRunning ? t('elsewhere.running.meaning') : `${summaryOf(run)} ${t('elsewhere.settle')}`}
          </Typography>
          <Typography tag="p" variant="pi" textColor="neutral600">
            {t('result.moment', { moment: format.moment(run.endedAt ?? run.startedAt), trigger: triggerOf(run) })}
          </Typography>
        </Notice>
      </div>
    );
  });
}
