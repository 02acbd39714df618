import { Button, Flex, Typography } from '@strapi/design-system';
import { ArrowLeft } from '@strapi/icons';
import { useEffect, useRef, useState } from 'react';

import type {
  FailureKind,
  RunAnswer,
  RunDetailAnswer,
  StartRunRequest,
  StatusAnswer,
} from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useLoaded } from '../../hooks/useLoaded';
import { useRunSummary } from '../../hooks/useRunSummary';
import { useTranslation } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { useServerName } from '../../hooks/useServerName';
import { isBad } from '../../openRun';
import { Facts, type Fact } from '../common/Facts';
import { Notice } from '../common/Notice';
import { Pager } from '../common/Pager';
import { Panel } from '../common/Panel';
import { RunRefusal } from '../sync/RunRefusal';
import { FailureList } from './FailureList';
import { RunCounts } from './RunCounts';
import { RunError } from './RunError';
import { RunStatus } from './RunStatus';

const PAGE_SIZE = 25;

const KINDS: readonly FailureKind[] = ['failed', 'conflict', 'withheld'];

interface RunPageProps {
  /** As the address names it. */
  id: string;
  version: string;
  status: StatusAnswer | undefined;
  /** Why no sync can be started now; absent where one can. */
  reason: string | undefined;
  /** Goes on from a run that is still to be settled. */
  onStart: (request: StartRunRequest) => void;
  onBack: () => void;
}

/** All that is known of one run: its numbers, why it was refused or failed, and each file with cause and fix. */
export function RunPage({ id, version, status, reason, onStart, onBack }: RunPageProps) {
  const t = useTranslation();
  const format = useFormat();
  const path = `/runs/${encodeURIComponent(id)}`;
  const { answer, failed } = useLoaded<RunDetailAnswer>(path, { pageSize: 1 }, version);
  const back = useRef<HTMLButtonElement>(null);
  const run = answer?.run;

  // The button that led here is gone, and with it the place of the keyboard.
  useEffect(() => {
    back.current?.focus();
  }, [id]);

  return (
    <>
      <Flex>
        <Button ref={back} variant="tertiary" startIcon={<ArrowLeft />} onClick={onBack}>
          {t('run.back')}
        </Button>
      </Flex>
      {failed ? <Notice variant="danger" title={t('details.failed')} /> : null}
      {run ? (
        <Panel title={t('details.title', { moment: format.moment(run.startedAt) })}>
          <RunFacts run={run} isOneOfMany={(status?.instances.length ?? 0) > 1} />
          <RunCounts run={run} />
          {run.error ? <RunError error={run.error} /> : null}
          {run.refused ? (
            <RunRefusal
              refusal={run.refused}
              disabled={reason !== undefined || status?.running !== undefined}
              // An old run's deletes may no longer be what is wanted.
              {...(status?.unresolved?.id === run.id ? { onStart } : {})}
            />
          ) : null}
          {status?.unresolved?.id === run.id && reason !== undefined ? (
            <Typography tag="p" textColor="neutral600">
              {reason}
            </Typography>
          ) : null}
          {status?.elsewhere.some((other) => other.id === run.id && isBad(other)) ? (
            <Notice variant="info" title={t('elsewhere.settle')} />
          ) : null}
          {answer.pagination.total === 0 && !run.error && !run.refused && run.status !== 'running' ? (
            <Typography textColor="neutral600">{t('details.noFailures')}</Typography>
          ) : null}
        </Panel>
      ) : null}
      {answer && answer.pagination.total > 0
        ? KINDS.map((kind) => <RunFailures key={`${id} ${kind}`} path={path} kind={kind} version={version} />)
        : null}
    </>
  );
}

/** @param isOneOfMany the site has several servers: which one it was is worth telling. */
function RunFacts({ run, isOneOfMany }: { run: RunAnswer; isOneOfMany: boolean }) {
  const t = useTranslation();
  const serverOf = useServerName();
  const triggerOf = useTriggerText();
  const summaryOf = useRunSummary();
  const format = useFormat();
  const requests = Object.values(run.requests).reduce((sum, count) => sum + count, 0);
  const facts: Fact[] = [
    { name: t('history.trigger'), value: triggerOf(run) },
    ...(isOneOfMany ? [{ name: t('instances.server'), value: serverOf(run) }] : []),
    ...(run.mode ? [{ name: t('history.mode'), value: run.mode }] : []),
    ...(run.endedAt ? [{ name: t('run.ended'), value: format.moment(run.endedAt) }] : []),
    {
      name: t('run.requests'),
      value: format.number(requests),
      note: Object.entries(run.requests)
        .map(([kind, count]) => `${kind} ${format.number(count)}`)
        .join(', '),
    },
    ...(run.events === undefined
      ? []
      : [
          {
            name: t('run.events'),
            value: format.number(run.events),
            note: t('run.events.quiet', { count: run.quietRuns ?? 0, runs: format.number(run.quietRuns ?? 0) }),
          },
        ]),
  ];

  return (
    <Flex direction="column" alignItems="stretch" gap={5}>
      <Flex gap={3} wrap="wrap" data-run-page={run.id}>
        <RunStatus status={run.status} />
        <Typography>{summaryOf(run)}</Typography>
      </Flex>
      <Facts facts={facts} />
    </Flex>
  );
}

/** The files of one kind, page by page; nothing where there is none. */
function RunFailures({ path, kind, version }: { path: string; kind: FailureKind; version: string }) {
  const t = useTranslation();
  const [page, setPage] = useState(1);
  const { answer } = useLoaded<RunDetailAnswer>(path, { page, pageSize: PAGE_SIZE, kind }, version);
  if (!answer || answer.pagination.total === 0) return null;

  return (
    <Panel title={t(`run.files.${kind}`)} description={t(`run.files.${kind}.description`)}>
      <FailureList failures={answer.failures} />
      <Pager pagination={answer.pagination} onPage={setPage} />
    </Panel>
  );
}
