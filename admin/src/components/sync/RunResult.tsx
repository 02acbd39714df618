import { Button, Flex, Link, Typography } from '@strapi/design-system';
import { ArrowsCounterClockwise } from '@strapi/icons';
import { NavLink } from 'react-router-dom';

import type { RunAnswer, StartRunRequest } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useRunDetail } from '../../hooks/useRunDetail';
import { useTriggerText } from '../../hooks/useTriggerText';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useTranslation } from '../../hooks/useTranslation';
import { FailureList } from '../history/FailureList';
import { RunCounts } from '../history/RunCounts';
import { RunError } from '../history/RunError';
import { RunRefusal } from './RunRefusal';
import { RunStatus } from '../history/RunStatus';

/** Ends of a run after which the same again makes sense. */
const RETRIED = ['partial', 'failed', 'interrupted', 'cancelled'] as const;

/** Failures shown on the page itself; the run's own page has them all. */
const SHOWN_FAILURES = 5;

interface RunResultProps {
  run: RunAnswer;
  onStart: (request: StartRunRequest) => void;
  /** No run may be started now, a confirmed one neither. */
  disabled: boolean;
}

/** What the last run came to, and what a person should do about it. */
export function RunResult({ run, onStart, disabled }: RunResultProps) {
  const t = useTranslation();
  const summaryOf = useRunSummary();
  const triggerOf = useTriggerText();
  const format = useFormat();

  return (
    <Flex direction="column" alignItems="stretch" gap={5} data-result={run.status}>
      <Flex gap={3} wrap="wrap">
        <RunStatus status={run.status} />
        <Typography>{summaryOf(run)}</Typography>
        <Typography variant="pi" textColor="neutral600">
          {t('result.moment', {
            moment: format.moment(run.endedAt ?? run.startedAt),
            trigger: triggerOf(run),
          })}
        </Typography>
      </Flex>
      <RunCounts run={run} />
      {run.error ? <RunError error={run.error} /> : null}
      {run.refused ? <RunRefusal refusal={run.refused} onStart={onStart} disabled={disabled} /> : null}
      {run.failed > 0 || run.withheld > 0 ? <RunFailures run={run} /> : null}
      {RETRIED.some((status) => status === run.status) ? (
        <Flex>
          <Button
            variant="secondary"
            startIcon={<ArrowsCounterClockwise />}
            disabled={disabled}
            onClick={() => {
              onStart(run.scope === 'restore' ? { restore: true } : {});
            }}
          >
            {t('result.retry')}
          </Button>
        </Flex>
      ) : null}
    </Flex>
  );
}

function RunFailures({ run }: { run: RunAnswer }) {
  const t = useTranslation();
  const { detail } = useRunDetail(run.id, 1, SHOWN_FAILURES);
  if (!detail || detail.failures.length === 0) return null;
  const { total } = detail.pagination;

  return (
    <Flex direction="column" alignItems="stretch" gap={3}>
      <Typography tag="h3" variant="omega" fontWeight="bold">
        {t('failures.title')}
      </Typography>
      <FailureList failures={detail.failures} />
      {total > SHOWN_FAILURES ? (
        <Link tag={NavLink} to={`#history/${run.id}`}>
          {t('failures.all', { count: total })}
        </Link>
      ) : null}
    </Flex>
  );
}
