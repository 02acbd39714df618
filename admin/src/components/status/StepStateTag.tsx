import { Flex, Typography } from '@strapi/design-system';
import { ArrowsCounterClockwise, CheckCircle, MinusCircle, Question, WarningCircle } from '@strapi/icons';

import type { StatusAnswer } from '../../../../server/src/routes/contract';
import { useTranslation } from '../../hooks/useTranslation';

const LOOKS = {
  'in-step': { color: 'success', Icon: CheckCircle },
  'out-of-step': { color: 'warning', Icon: WarningCircle },
  running: { color: 'primary', Icon: ArrowsCounterClockwise },
  off: { color: 'neutral', Icon: MinusCircle },
  unknown: { color: 'neutral', Icon: Question },
} as const;

/** Whether the two sides are in step, in a few words. */
export function StepStateTag({ state }: { state: StatusAnswer['state'] }) {
  const t = useTranslation();
  const { color, Icon } = LOOKS[state];

  return (
    <Flex gap={3} padding={4} hasRadius background={`${color}100`} borderColor={`${color}200`} data-state={state}>
      <Flex shrink={0}>
        <Icon fill={`${color}600`} width="2rem" height="2rem" aria-hidden />
      </Flex>
      <Flex direction="column" alignItems="flex-start" gap={1}>
        <Typography fontWeight="bold" textColor="neutral800">
          {t(`state.${state}`)}
        </Typography>
        <Typography textColor="neutral800">{t(`state.${state}.meaning`)}</Typography>
      </Flex>
    </Flex>
  );
}
