import { Flex, Table, Tbody, Td, Tr, Typography } from '@strapi/design-system';

import type { StatusAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { Facts } from '../common/Facts';

const COLUMNS: readonly MessageKey[] = ['triggers.trigger', 'triggers.events', 'triggers.runs'];

/** Triggers in the order of how directly a person is behind them. */
const TRIGGERS = ['button', 'cli', 'trash', 'media', 'content', 'feed', 'start', 'scan', 'cron'] as const;

const OUTCOMES = ['changed', 'unchanged', 'refused', 'failed', 'cancelled'] as const;

const SKIPPED = ['coalesced', 'busy', 'off', 'excluded', 'outside', 'problems'] as const;

/** What asked for syncs, on all servers since the plugin was first started, and what came of it. */
export function TriggerTable({ totals }: { totals: StatusAnswer['totals'] }) {
  const t = useTranslation();
  const format = useFormat();
  const { events, runs, outcomes, skipped, since } = totals;
  const asked = TRIGGERS.filter((trigger) => (events[trigger] ?? 0) + (runs[trigger] ?? 0) > 0);
  const reasons = SKIPPED.filter((reason) => skipped[reason] > 0);
  const sum = (counts: Partial<Record<string, number>>) =>
    Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

  return (
    <Flex direction="column" alignItems="stretch" gap={5}>
      <Typography tag="p">{t('triggers.summary', { moment: format.moment(since) })}</Typography>
      {asked.length > 0 ? (
        <Table colCount={COLUMNS.length} rowCount={asked.length + 1}>
          <Columns names={COLUMNS} />
          <Tbody>
            {asked.map((trigger) => (
              <Tr key={trigger} data-trigger={trigger}>
                <Td>
                  <Typography>{t(`trigger.${trigger}`)}</Typography>
                </Td>
                <Td>
                  {/* What a person starts is no event: it is a sync at once. */}
                  <Typography>{events[trigger] === undefined ? '' : format.number(events[trigger])}</Typography>
                </Td>
                <Td>
                  <Typography>{format.number(runs[trigger] ?? 0)}</Typography>
                </Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      ) : null}
      <Facts
        facts={[
          { name: t('triggers.events'), value: format.number(sum(events)) },
          { name: t('triggers.runs'), value: format.number(sum(runs)) },
          ...OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => ({
            name: t(`triggers.outcome.${outcome}`),
            value: format.number(outcomes[outcome]),
          })),
          ...reasons.map((reason) => ({
            name: t(`triggers.skipped.${reason}`),
            value: format.number(skipped[reason]),
          })),
        ]}
      />
    </Flex>
  );
}
