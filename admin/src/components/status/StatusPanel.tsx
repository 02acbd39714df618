import { Accordion, Box } from '@strapi/design-system';

import type { RunAnswer, StatusAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { useTriggerText } from '../../hooks/useTriggerText';
import { Facts, type Fact } from '../common/Facts';
import { Panel } from '../common/Panel';
import { RunStatus } from '../history/RunStatus';
import { InstanceTable } from './InstanceTable';
import { StepStateTag } from './StepStateTag';
import { TriggerTable } from './TriggerTable';

/** How the two sides stand, what comes next, and what has asked for syncs so far. */
export function StatusPanel({ status }: { status: StatusAnswer }) {
  const t = useTranslation();
  const { instances } = status;
  const isMulti = instances.length > 1 || instances.some(({ mode }) => mode === 'MULTI');

  return (
    <Panel title={t('status.title')}>
      <StepStateTag state={status.state} />
      <StatusFacts status={status} />
      <Accordion.Root>
        <Accordion.Item value="triggers">
          <Accordion.Header>
            <Accordion.Trigger description={t('triggers.description')}>{t('triggers.title')}</Accordion.Trigger>
          </Accordion.Header>
          <Accordion.Content>
            <Box padding={6}>
              <TriggerTable totals={status.totals} />
            </Box>
          </Accordion.Content>
        </Accordion.Item>
        {instances.length > 0 ? (
          <Accordion.Item value="instances">
            <Accordion.Header>
              <Accordion.Trigger description={t('instances.description', { count: instances.length })}>
                {t('instances.title')}
              </Accordion.Trigger>
            </Accordion.Header>
            <Accordion.Content>
              <Box padding={6}>
                <InstanceTable instances={instances} withConditions={isMulti} />
              </Box>
            </Accordion.Content>
          </Accordion.Item>
        ) : null}
      </Accordion.Root>
    </Panel>
  );
}

function StatusFacts({ status: { lastLook, lastRun, unresolved, next } }: { status: StatusAnswer }) {
  const t = useTranslation();
  const triggerOf = useTriggerText();
  const format = useFormat();
  const side = (name: 'local' | 'remote'): Fact[] => {
    const total = lastLook?.sides?.[name];
    if (lastLook === undefined || total === undefined) return [];
    return [
      {
        name: t(`status.${name}`),
        value: t('status.files', {
          count: total.files,
          files: format.number(total.files),
          size: format.bytes(total.bytes),
        }),
        note: t('status.asOf', { moment: format.moment(lastLook.at) }),
      },
    ];
  };
  const moment = (name: 'scan' | 'reconcile', at: string | undefined): Fact[] =>
    at === undefined
      ? []
      : [{ name: t(`status.next.${name}`), value: format.moment(at), note: t(`status.next.${name}.note`) }];

  const told = (name: MessageKey, run: RunAnswer | undefined): Fact[] =>
    run === undefined
      ? []
      : [
          {
            name: t(name),
            value: <RunStatus status={run.status} />,
            note: t('result.moment', { moment: format.moment(run.endedAt ?? run.startedAt), trigger: triggerOf(run) }),
          },
        ];

  const facts: Fact[] = [
    ...side('local'),
    ...side('remote'),
    ...told('status.unresolved', unresolved?.id === lastRun?.id ? undefined : unresolved),
    ...told('status.lastRun', lastRun),
    ...moment('scan', next.scanAt),
    ...moment('reconcile', next.reconcileAt),
  ];
  return facts.length > 0 ? <Facts facts={facts} /> : null;
}
