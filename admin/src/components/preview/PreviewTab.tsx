import { Button, Flex, Typography } from '@strapi/design-system';
import { Cross, Eye } from '@strapi/icons';

import type { PlanAnswer, Problem, StartRunRequest, StatusAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useNewestPlan } from '../../hooks/usePlan';
import { usePost } from '../../hooks/usePost';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Notice } from '../common/Notice';
import { Panel } from '../common/Panel';
import { RunError } from '../history/RunError';
import { RunRefusal } from '../sync/RunRefusal';
import { ApplyPlan } from './ApplyPlan';
import { PlanProgress } from './PlanProgress';
import { PlanRows } from './PlanRows';

const REASON_ID = 's3-sync-why-no-preview';

interface PreviewTabProps {
  status: StatusAnswer | undefined;
  problems: Problem[];
  canRun: boolean;
  /** Called when a sync was started: it is shown elsewhere. */
  onStarted: () => void;
}

/** What a sync would do: made on the server, looked at here, and carried out just so. */
export function PreviewTab({ status, problems, canRun, onStarted }: PreviewTabProps) {
  const t = useTranslation();
  const { plan, loading, failed, make, cancel, busy } = useNewestPlan();
  const { send, busy: applying } = usePost();
  const isMade = plan?.status === 'making';
  const reason = whyNot(canRun, problems, status);

  const apply = async (request: StartRunRequest) => {
    if ((await send('/runs', request)) !== undefined) onStarted();
  };

  return (
    <Panel
      title={t('plan.title')}
      description={t('plan.description')}
      action={
        <Flex direction="column" alignItems="flex-end" gap={2}>
          {isMade ? (
            <Button
              variant="danger-light"
              startIcon={<Cross />}
              disabled={!canRun}
              loading={busy}
              onClick={() => void cancel()}
            >
              {t('plan.cancel')}
            </Button>
          ) : (
            <Button
              variant={plan?.status === 'ready' ? 'secondary' : 'default'}
              startIcon={<Eye />}
              disabled={reason !== undefined || loading}
              aria-describedby={reason === undefined ? undefined : REASON_ID}
              loading={busy}
              onClick={() => void make()}
            >
              {t(plan === undefined ? 'plan.make' : 'plan.makeNew')}
            </Button>
          )}
          {reason !== undefined && !isMade ? (
            <Typography id={REASON_ID} tag="p" variant="pi" textColor="neutral600" maxWidth="36rem" textAlign="right">
              {t(reason)}
            </Typography>
          ) : null}
        </Flex>
      }
    >
      {failed ? <Notice variant="warning" title={t('sync.unreachable')} /> : null}
      {plan === undefined && !loading ? <Typography textColor="neutral600">{t('plan.none')}</Typography> : null}
      {plan ? (
        <Plan
          key={plan.id}
          plan={plan}
          isOld={hasRunSince(plan, status)}
          disabled={reason !== undefined}
          busy={applying}
          onApply={(request) => void apply(request)}
        />
      ) : null}
    </Panel>
  );
}

/** Why neither a preview nor a sync can be started now. */
function whyNot(canRun: boolean, problems: Problem[], status: StatusAnswer | undefined): MessageKey | undefined {
  if (!canRun) return 'reason.permission';
  if (status === undefined) return 'reason.loading';
  if (problems.length > 0) return 'reason.problems';
  if (status.previewing) return 'plan.reason.previewing';
  return status.running ? 'plan.reason.running' : undefined;
}

/** A sync has changed something since the plan was made; a file changed by hand is found only by a look. */
function hasRunSince({ endedAt }: PlanAnswer, status: StatusAnswer | undefined): boolean {
  const run = status?.lastRun;
  if (endedAt === undefined || run?.endedAt === undefined || run.endedAt < endedAt) return false;
  return run.uploaded + run.downloaded + run.deletedRemote + run.deletedLocal + run.conflicts > 0;
}

interface PlanProps {
  plan: PlanAnswer;
  isOld: boolean;
  disabled: boolean;
  busy: boolean;
  onApply: (request: StartRunRequest) => void;
}

function Plan({ plan, isOld, disabled, busy, onApply }: PlanProps) {
  const t = useTranslation();
  const format = useFormat();
  const total = Object.values(plan.counts).reduce((sum, { files }) => sum + files, 0);

  if (plan.status === 'making') return <PlanProgress plan={plan} />;
  if (plan.status === 'cancelled') return <Typography textColor="neutral600">{t('plan.cancelled')}</Typography>;
  if (plan.error) return <RunError error={plan.error} />;

  const made = { moment: format.moment(plan.endedAt ?? plan.startedAt), host: plan.host, count: plan.seen };
  return (
    <Flex direction="column" alignItems="stretch" gap={5} data-plan={plan.id}>
      <Typography textColor="neutral600">
        {plan.startedBy === undefined ? t('plan.made', made) : t('plan.made.by', { ...made, name: plan.startedBy })}
      </Typography>
      {isOld ? <Notice variant="info" title={t('plan.old')} /> : null}
      {plan.refused ? (
        <RunRefusal refusal={plan.refused} onStart={onApplyOwner(plan, onApply)} disabled={disabled} />
      ) : null}
      {total === 0 && plan.failed === 0 && !plan.refused ? <Notice variant="success" title={t('plan.empty')} /> : null}
      {total > 0 ? <ApplyPlan plan={plan} disabled={disabled} busy={busy} onApply={onApply} /> : null}
      {total > 0 || plan.failed > 0 ? <PlanRows plan={plan} /> : null}
    </Flex>
  );
}

/** A bucket can be taken over from here; deletes are confirmed together with the plan. */
function onApplyOwner({ refused }: PlanAnswer, onApply: PlanProps['onApply']): PlanProps['onApply'] | undefined {
  return refused?.guard === 'other-site' ? onApply : undefined;
}
