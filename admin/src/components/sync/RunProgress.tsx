import { Box, Flex, Typography } from '@strapi/design-system';
import { keyframes, styled } from 'styled-components';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation, type MessageKey } from '../../hooks/useTranslation';

const pass = keyframes`
  from { transform: translateX(-100%); }
  to { transform: translateX(400%); }
`;

/** How much there is to do is known only at the end, so the bar says "at work" and no percentage. */
const Track = styled(Box)`
  height: 0.4rem;
  overflow: hidden;
  border-radius: ${({ theme }) => theme.borderRadius};
  background: ${({ theme }) => theme.colors.neutral150};

  &::after {
    content: '';
    display: block;
    width: 25%;
    height: 100%;
    border-radius: inherit;
    background: ${({ theme }) => theme.colors.primary600};
    animation: ${pass} 1.6s linear infinite;
  }

  @media (prefers-reduced-motion: reduce) {
    &::after {
      width: 100%;
      animation: none;
      opacity: 0.6;
    }
  }
`;

/** What a running sync is doing right now. */
export function RunProgress({ run }: { run: RunAnswer }) {
  const t = useTranslation();
  const format = useFormat();
  const { progress } = run;
  const phase = t(`phase.${progress?.phase ?? 'starting'}`);
  const counts: [MessageKey, string][] = progress
    ? [
        ['count.seen', format.number(progress.seen)],
        ['count.uploaded', format.number(progress.uploaded)],
        ['count.deletedRemote', format.number(progress.deletedRemote)],
        ['count.failed', format.number(progress.failed)],
        ['count.bytes', format.bytes(progress.bytes)],
      ]
    : [];

  return (
    <Flex direction="column" alignItems="stretch" gap={4} data-progress>
      <Typography fontWeight="bold">
        {run.startedBy
          ? t('progress.by', { phase, name: run.startedBy })
          : t('progress.automatic', { phase, trigger: t(`trigger.${run.trigger}`) })}
      </Typography>
      <Track role="progressbar" aria-label={t('progress.label')} aria-valuetext={phase} />
      <Flex tag="dl" gap={6} wrap="wrap" alignItems="flex-start">
        {counts.map(([label, value]) => (
          <Flex key={label} direction="column-reverse" alignItems="flex-start" gap={1}>
            <Typography tag="dt" variant="pi" textColor="neutral600">
              {t(label)}
            </Typography>
            <Typography tag="dd" variant="delta">
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
