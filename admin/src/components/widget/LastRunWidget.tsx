import { Widget } from '@strapi/strapi/admin';
import { Flex, Link, Typography } from '@strapi/design-system';
import { NavLink } from 'react-router-dom';

import type { RunAnswer, StatusAnswer } from '../../../../server/src/routes/contract';
import { useErrorTitle } from '../../hooks/useErrorTitle';
import { useFormat } from '../../hooks/useFormat';
import { useLoaded } from '../../hooks/useLoaded';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useServerName } from '../../hooks/useServerName';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { isBad, openRunOf } from '../../openRun';
import { PLUGIN_ID } from '../../pluginId';
import { RunStatus } from '../history/RunStatus';

/** On the home page: how the last sync ended, and above all that one failed or was refused. */
export function LastRunWidget() {
  const t = useTranslation();
  const { answer, failed } = useLoaded<StatusAnswer>('/status');

  if (failed) return <Widget.Error />;
  if (!answer) return <Widget.Loading />;
  const elsewhere = answer.elsewhere.find(isBad);
  const run = openRunOf(answer) ?? elsewhere ?? answer.running ?? answer.lastRun;
  const place = run && isBad(run) ? `history/${run.id}` : 'sync';
  return (
    <Flex direction="column" alignItems="flex-start" gap={4} data-widget={answer.state}>
      {answer.problems.length > 0 ? <Typography fontWeight="bold">{t('problems.title')}</Typography> : null}
      {run ? (
        <LastRun run={run} isElsewhere={run === elsewhere} />
      ) : (
        <Typography textColor="neutral600">{t('sync.never')}</Typography>
      )}
      <Link tag={NavLink} to={`/settings/${PLUGIN_ID}#${place}`}>
        {t(run && isBad(run) ? 'widget.details' : 'widget.open')}
      </Link>
    </Flex>
  );
}

function LastRun({ run, isElsewhere }: { run: RunAnswer; isElsewhere: boolean }) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const summaryOf = useRunSummary();
  const errorTitle = useErrorTitle();
  const serverOf = useServerName();
  const format = useFormat();
  const count = run.refused?.count ?? 0;

  return (
    <>
      <RunStatus status={run.status} />
      <Flex direction="column" alignItems="flex-start" gap={1}>
        {isElsewhere ? <Typography fontWeight="bold">{serverOf(run)}</Typography> : null}
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
