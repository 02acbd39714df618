import { Widget } from '@strapi/strapi/admin';
import { Flex, Link, Typography } from '@strapi/design-system';
import { NavLink } from 'react-router-dom';

import type { RunAnswer, StatusAnswer } from '../../../../server/src/routes/contract';
import { useErrorTitle } from '../../hooks/useErrorTitle';
import { useFormat } from '../../hooks/useFormat';
import { useLoaded } from '../../hooks/useLoaded';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { PLUGIN_ID } from '../../pluginId';
import { RunStatus } from '../history/RunStatus';

/** On the home page: how the last sync ended, and above all that one failed or was refused. */
export function LastRunWidget() {
  const t = useTranslation();
  const { answer, failed } = useLoaded<StatusAnswer>('/status');

  if (failed) return <Widget.Error />;
  if (!answer) return <Widget.Loading />;
  const run = answer.running ?? answer.lastRun;
  const place = run && isBad(run) ? `history/${run.id}` : 'sync';
  return (
    <Flex direction="column" alignItems="flex-start" gap={4} data-widget={answer.state}>
      {answer.problems.length > 0 ? <Typography fontWeight="bold">{t('problems.title')}</Typography> : null}
      {run ? <LastRun run={run} /> : <Typography textColor="neutral600">{t('sync.never')}</Typography>}
      <Link tag={NavLink} to={`/settings/${PLUGIN_ID}#${place}`}>
        {t(run && isBad(run) ? 'widget.details' : 'widget.open')}
      </Link>
    </Flex>
  );
}

function isBad({ status }: RunAnswer): boolean {
  return status === 'failed' || status === 'partial' || status === 'refused' || status === 'interrupted';
}

function LastRun({ run }: { run: RunAnswer }) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const summaryOf = useRunSummary();
  const errorTitle = useErrorTitle();
  const format = useFormat();
  const count = run.refused?.count ?? 0;

  return (
    <>
      <RunStatus status={run.status} />
      <Flex direction="column" alignItems="flex-start" gap={1}>
        <Typography textColor="neutral800">{summaryOf(run)}</Typography>
        {run.error ? <Typography textColor="neutral800">{errorTitle(run.error.code)}</Typography> : null}
        {run.refused ? (
          <Typography textColor="neutral800">
            {t(`guard.${run.refused.guard}`, { count, files: format.number(count) })}
          </Typography>
        ) : null}
        <Typography variant="pi" textColor="neutral600">
          {t('result.moment', { moment: format.moment(run.endedAt ?? run.startedAt), trigger: triggerOf(run) })}
        </Typography>
      </Flex>
    </>
  );
}
