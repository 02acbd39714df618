import { Flex, Table, Tbody, Td, Tr, Typography } from '@strapi/design-system';

import type { InstanceAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import { Columns } from '../common/Columns';
import { FileKey } from '../common/FileKey';

const COLUMNS: readonly MessageKey[] = [
  'instances.server',
  'instances.directory',
  'history.mode',
  'instances.lastSeen',
  'instances.lastRun',
];

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
  const columns = withConditions ? [...COLUMNS, 'instances.conditions' as const] : COLUMNS;

  return (
    <Table colCount={columns.length} rowCount={instances.length + 1}>
      <Columns names={columns} />
      <Tbody>
        {instances.map((instance) => (
          <Tr key={`${instance.host} ${instance.pid}`} data-instance={instance.host}>
            <Td style={{ whiteSpace: 'normal' }}>
              <Flex direction="column" alignItems="flex-start">
                <Typography fontWeight="semiBold" style={{ overflowWrap: 'anywhere' }}>
                  {instance.host}
                </Typography>
                <Typography variant="pi" textColor="neutral600">
                  {t(instance.current ? 'instances.current' : 'instances.process', { pid: String(instance.pid) })}
                </Typography>
              </Flex>
            </Td>
            <Td style={{ whiteSpace: 'normal' }}>
              <FileKey>{instance.directory}</FileKey>
            </Td>
            <Td>
              <Typography>{instance.mode}</Typography>
            </Td>
            <Td>
              <Flex direction="column" alignItems="flex-start">
                <Typography data-last-seen>{format.moment(instance.lastSeenAt)}</Typography>
                {instance.alive ? null : (
                  <Typography variant="pi" textColor="danger700">
                    {t('instances.silent')}
                  </Typography>
                )}
              </Flex>
            </Td>
            <Td>
              <Typography>{instance.lastRunAt === undefined ? '' : format.moment(instance.lastRunAt)}</Typography>
            </Td>
            {withConditions ? (
              <Td style={{ whiteSpace: 'normal' }}>
                <Typography variant="pi">{describeConditions(instance)}</Typography>
              </Td>
            ) : null}
          </Tr>
        ))}
      </Tbody>
    </Table>
  );

  function describeConditions({ conditions }: InstanceAnswer): string {
    if (conditions === undefined) return t('conditions.unknown');
    const missing = CONDITIONS.filter((name) => !conditions[name]).map((name) => t(`conditions.${name}`));
    return missing.length === 0 ? t('conditions.all') : t('conditions.missing', { list: format.list(missing) });
  }
}
