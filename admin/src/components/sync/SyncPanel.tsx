import { Button, Typography, VisuallyHidden } from '@strapi/design-system';
import { ArrowsCounterClockwise, Cross } from '@strapi/icons';

import type { Problem, StatusAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useReason } from '../../hooks/useReason';
import { useRunSummary } from '../../hooks/useRunSummary';
import type { SyncActions } from '../../hooks/useSyncActions';
import { useTranslation } from '../../hooks/useTranslation';
import { openRunOf } from '../../openRun';
import type { Pace } from '../../pace';
import { Notice } from '../common/Notice';
import { Panel } from '../common/Panel';
import { ElsewhereRuns } from './ElsewhereRuns';
import { LastRunLine } from './LastRunLine';
import { RunProgress } from './RunProgress';
import { RunResult } from './RunResult';

const REASON_ID = 's3-sync-why-not';

interface SyncPanelProps {
  status: StatusAnswer | undefined;
  pace: Pace;
  unreachable: boolean;
  /** The server knows this administrator no more, or no longer allows the question. */
  loggedOut: boolean;
  problems: Problem[];
  /** The form holds changes that are not saved; a sync would go by the old settings. */
  unsaved: boolean;
  /** Saves start syncs too. */
  automatic: boolean;
  canRun: boolean;
  actions: SyncActions;
  /** The button that sends the form was pressed to start a sync once it is saved. */
  onSaveAndSync: () => void;
  /** The form is on its way. */
  saving: boolean;
}

/** The button, what it is doing, and what it did. */
export function SyncPanel({
  status,
  pace,
  unreachable,
  loggedOut,
  problems,
  unsaved,
  automatic,
  canRun,
  actions: { start, cancel, busy },
  onSaveAndSync,
  saving,
}: SyncPanelProps) {
  const t = useTranslation();
  const summaryOf = useRunSummary();
  const reason = useReason({ canRun, unsaved, problems, status });
  const running = status?.running;
  const lastRun = status?.lastRun;
  const open = status && openRunOf(status);
  const result = running ? open : (open ?? lastRun);

  return (
    <Panel
      title={t('sync.title')}
      description={automatic ? t('sync.description') : t('sync.description.off')}
      action={
        running ? (
          <Button
            size="L"
            variant="danger-light"
            startIcon={<Cross />}
            disabled={!canRun}
            loading={busy}
            onClick={() => void cancel(running.id)}
          >
            {t('sync.cancel')}
          </Button>
        ) : unsaved && canRun ? (
          <Button
            size="L"
            type="submit"
            disabled={status?.previewing !== undefined}
            startIcon={<ArrowsCounterClockwise />}
            aria-describedby={REASON_ID}
            loading={busy || saving}
            onClick={onSaveAndSync}
          >
            {t('sync.saveAndStart')}
          </Button>
        ) : (
          <Button
            size="L"
            startIcon={<ArrowsCounterClockwise />}
            disabled={reason !== undefined}
            aria-describedby={reason === undefined ? undefined : REASON_ID}
            loading={busy}
            onClick={() => void start()}
          >
            {t('sync.start')}
          </Button>
        )
      }
    >
      {reason !== undefined && !running ? (
        <Typography id={REASON_ID} tag="p" fontWeight="bold" textColor="neutral800">
          {reason}
        </Typography>
      ) : null}
      {status?.previewing ? <Previewing seen={status.previewing.seen} /> : null}
      {unreachable ? <Notice variant="warning" title={t('sync.unreachable')} /> : null}
      {loggedOut ? (
        <Notice
          variant="warning"
          title={t('sync.loggedOut')}
          actions={
            <Button
              variant="tertiary"
              onClick={() => {
                // Strapi then asks who it is, and comes back here.
                window.location.reload();
              }}
            >
              {t('sync.reload')}
            </Button>
          }
        />
      ) : null}
      <VisuallyHidden>
        <p role="status">
          {running ? t(`phase.${running.progress?.phase ?? 'starting'}`) : lastRun && summaryOf(lastRun)}
        </p>
      </VisuallyHidden>
      {running ? <RunProgress run={running} pace={pace} /> : null}
      {result ? (
        <RunResult
          key={result.id}
          run={result}
          disabled={busy || running !== undefined || reason !== undefined}
          onStart={(request) => void start(request)}
        />
      ) : null}
      {!running && lastRun && result?.id !== lastRun.id ? <LastRunLine run={lastRun} /> : null}
      {status ? <ElsewhereRuns runs={status.elsewhere} /> : null}
      {status && !running && !lastRun ? <Typography textColor="neutral600">{t('sync.never')}</Typography> : null}
    </Panel>
  );
}

/** A preview is being made, here or by the command line: the sync waits for its end. */
function Previewing({ seen }: { seen: number }) {
  const t = useTranslation();
  const format = useFormat();

  return (
    <div data-previewing>
      <Notice variant="info" title={t('sync.previewing')}>
        <Typography tag="p">{t('plan.progress', { count: seen, files: format.number(seen) })}</Typography>
      </Notice>
    </div>
  );
}
