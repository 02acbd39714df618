import { Flex, Table, Tbody, Td, Tr, Typography } from '@strapi/design-system';

import type { InstanceAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { Facts } from '../common/Facts';
import { FileKey } from '../common/FileKey';

const COLUMNS: readonly MessageKey[] = ['instances.server', 'instances.lastSeen', 'instances.lastRun'];

const CONDITIONS = ['putIfAbsent', 'putIfMatch', 'deleteIfMatch'] as const;

interface InstanceTableProps {
  instances: InstanceAnswer[];
  /** In MULTI mode writes depend on what the store honours. */
  withConditions: boolean;
}

/** The servers of the site, each with the directory it syncs and its last sign of life. */
export function InstanceTable({ instances, withConditions }: InstanceTableProps) {
  const t = useTranslation();
  const format = useFormat();

  return (
    <Flex direction="column" alignItems="stretch" gap={5}>
      <Table colCount={COLUMNS.length} rowCount={instances.length + 1}>
        <Columns names={COLUMNS} />
        <Tbody>
          {instances.map((instance) => (
            <Tr key={`${instance.host} ${instance.pid}`} data-instance={instance.host}>
              <Td style={{ whiteSpace: 'normal' }}>
                <Flex direction="column" alignItems="flex-start" gap={1} paddingTop={2} paddingBottom={2}>
                  <Typography fontWeight="semiBold" style={{ overflowWrap: 'anywhere' }}>
                    {instance.host}
                  </Typography>
                  <Typography variant="pi" textColor="neutral600">
                    {[
                      t(instance.current ? 'instances.current' : 'instances.process', { pid: String(instance.pid) }),
                      ...(instance.mode === undefined ? [] : [instance.mode]),
                    ].join(', ')}
                  </Typography>
                  <FileKey>{instance.directory}</FileKey>
                </Flex>
              </Td>
              <Td style={{ whiteSpace: 'normal' }}>
                <Flex direction="column" alignItems="flex-start">
                  <Typography data-last-seen>{format.moment(instance.lastSeenAt)}</Typography>
                  {instance.alive ? null : (
                    <Typography variant="pi" textColor="danger700">
                      {t('instances.silent')}
                    </Typography>
                  )}
                </Flex>
              </Td>
              <Td style={{ whiteSpace: 'normal' }}>
                <Typography>{instance.lastRunAt === undefined ? '' : format.moment(instance.lastRunAt)}</Typography>
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      {withConditions ? (
        <Facts facts={[{ name: t('instances.conditions'), value: describeConditions() }]} wide />
      ) : null}
    </Flex>
  );

  /** All servers write to one store: what one of them has found out is true for the others. */
  function describeConditions(): string {
    const known = instances.filter(({ conditions }) => conditions !== undefined);
    const conditions = (known.find(({ current }) => current) ?? known[0])?.conditions;
    if (conditions === undefined) return t('conditions.unknown');
    const missing = CONDITIONS.filter((name) => !conditions[name]).map((name) => t(`conditions.${name}`));
    return missing.length === 0 ? t('conditions.all') : t('conditions.missing', { list: format.list(missing) });
  }
}
