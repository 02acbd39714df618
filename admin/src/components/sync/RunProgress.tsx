import { Box, Flex, Typography } from '@strapi/design-system';
import { keyframes, styled } from 'styled-components';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';
import type { Pace } from '../../pace';

type Count = [label: MessageKey, value: string];

const pass = keyframes`
  from { transform: translateX(-100%); }
  to { transform: translateX(400%); }
`;

const Track = styled(Box)`
  height: 0.4rem;
  overflow: hidden;
  border-radius: ${({ theme }) => theme.borderRadius};
  background: ${({ theme }) => theme.colors.neutral150};
`;

/** How much is done, where it is known how much there is to do. */
const Share = styled.div`
  height: 100%;
  border-radius: inherit;
  background: ${({ theme }) => theme.colors.primary600};
  transition: width 0.6s ease-out;

  @media (prefers-reduced-motion: reduce) {
    transition: none;
  }
`;

/** Says "at work" and no percentage. */
const Passing = styled(Share)`
  width: 25%;
  animation: ${pass} 1.6s linear infinite;

  @media (prefers-reduced-motion: reduce) {
    width: 100%;
    animation: none;
    opacity: 0.6;
  }
`;

/** What a running sync is doing right now, how fast, and how long it may take. */
export function RunProgress({ run, pace }: { run: RunAnswer; pace: Pace }) {
  const t = useTranslation();
  const format = useFormat();
  const { progress, files } = run;
  const phase = t(`phase.${progress?.phase ?? 'starting'}`);
  const seen = progress?.seen ?? 0;
  // What is only in the bucket is looked at too: then the number of files here is no measure.
  const total = progress?.phase === 'syncing' && files !== undefined && files > 0 && seen <= files ? files : undefined;
  const some = (label: MessageKey, count: number): Count[] => (count > 0 ? [[label, format.number(count)]] : []);
  const rate: Count[] =
    pace.bytesPerSecond === undefined
      ? []
      : [['count.rate', t('progress.rate', { bytes: format.bytes(pace.bytesPerSecond) })]];
  const timeLeft: Count[] =
    pace.timeLeft === undefined || total === undefined ? [] : [['count.timeLeft', format.roughDuration(pace.timeLeft)]];
  const counts: Count[] = progress
    ? [
        [
          'count.seen',
          total === undefined
            ? format.number(seen)
            : t('progress.seen', { seen: format.number(seen), files: format.number(total) }),
        ],
        ['count.uploaded', format.number(progress.uploaded)],
        ...some('count.downloaded', progress.downloaded),
        ...some('count.deletedRemote', progress.deletedRemote),
        ...some('count.deletedLocal', progress.deletedLocal),
        ['count.failed', format.number(progress.failed)],
        ['count.bytes', format.bytes(progress.bytes)],
        ...rate,
        ...timeLeft,
      ]
    : [];

  return (
    <Flex direction="column" alignItems="stretch" gap={4} data-progress>
      <Typography fontWeight="bold">
        {run.startedBy
          ? t('progress.by', { phase, name: run.startedBy })
          : t('progress.automatic', { phase, trigger: t(`trigger.${run.trigger}`) })}
      </Typography>
      <Track
        role="progressbar"
        aria-label={t('progress.label')}
        aria-valuetext={phase}
        aria-valuemin={total === undefined ? undefined : 0}
        aria-valuemax={total}
        aria-valuenow={total === undefined ? undefined : seen}
      >
        {total === undefined ? <Passing /> : <Share style={{ width: `${(seen / total) * 100}%` }} />}
      </Track>
      <Flex tag="dl" gap={6} wrap="wrap" alignItems="flex-start">
        {counts.map(([label, value]) => (
          <Flex key={label} direction="column-reverse" alignItems="flex-start" gap={1}>
            <Typography tag="dt" variant="pi" textColor="neutral600">
              {t(label)}
            </Typography>
            <Typography tag="dd" variant="delta" data-progress-count={label}>
              {value}
            </Typography>
          </Flex>
        ))}
      </Flex>
      <Typography tag="p" variant="pi" textColor="neutral600" ellipsis minHeight="1.8rem" title={progress?.currentKey}>
        {progress?.currentKey}
      </Typography>
    </Flex>
  );
}
