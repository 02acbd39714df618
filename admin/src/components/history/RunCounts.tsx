import { Box, Flex, Typography } from '@strapi/design-system';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';

interface Count {
  label: MessageKey;
  value: string;
}

/** What a run did, in numbers. Those that say nothing in SINGLE mode are shown only when there is something to say. */
export function RunCounts({ run }: { run: RunAnswer }) {
  const t = useTranslation();
  const format = useFormat();
  const some = (label: MessageKey, count: number): Count[] =>
    count > 0 ? [{ label, value: format.number(count) }] : [];

  const counts: Count[] = [
    { label: 'count.uploaded', value: format.number(run.uploaded) },
    ...some('count.downloaded', run.downloaded),
    { label: 'count.deletedRemote', value: format.number(run.deletedRemote) },
    ...some('count.deletedLocal', run.deletedLocal),
    { label: 'count.unchanged', value: format.number(run.unchanged) },
    ...some('count.conflicts', run.conflicts),
    ...some('count.withheld', run.withheld),
    { label: 'count.failed', value: format.number(run.failed) },
    { label: 'count.bytes', value: format.bytes(run.bytes) },
    ...(run.durationMs === undefined
      ? []
      : [{ label: 'count.duration', value: format.duration(run.durationMs) } as const]),
  ];

  return (
    <Flex tag="dl" gap={6} wrap="wrap" alignItems="flex-start">
      {counts.map(({ label, value }) => (
        <Flex key={label} direction="column-reverse" alignItems="flex-start" gap={1}>
          <Typography tag="dt" variant="pi" textColor="neutral600">
            {t(label)}
          </Typography>
          <Box tag="dd" data-count={label}>
            <Typography variant="delta">{value}</Typography>
          </Box>
        </Flex>
      ))}
    </Flex>
  );
}
