import { Flex, Typography } from '@strapi/design-system';
import { ArrowsCounterClockwise, CheckCircle, CrossCircle, MinusCircle, WarningCircle } from '@strapi/icons';

import type { RunAnswer } from '../../../../server/src/routes/contract';
import { useTranslation } from '../../hooks/useTranslation';

const LOOKS = {
  running: { color: 'primary', Icon: ArrowsCounterClockwise },
  done: { color: 'success', Icon: CheckCircle },
  refused: { color: 'warning', Icon: WarningCircle },
  partial: { color: 'warning', Icon: WarningCircle },
  failed: { color: 'danger', Icon: CrossCircle },
  cancelled: { color: 'neutral', Icon: MinusCircle },
  interrupted: { color: 'warning', Icon: WarningCircle },
} as const;

/**
 * How a run ended, in a word. The design system's `Status` writes orange on yellow, which is too faint to read
 * (2.7:1), and tells its kinds apart by colour alone.
 */
export function RunStatus({ status }: { status: RunAnswer['status'] }) {
  const t = useTranslation();
  const { color, Icon } = LOOKS[status];

  return (
    <Flex
      width="fit-content"
      gap={2}
      paddingTop={1}
      paddingBottom={1}
      paddingLeft={2}
      paddingRight={2}
      hasRadius
      background={`${color}100`}
      borderColor={`${color}200`}
      data-status={status}
    >
      <Icon fill={`${color}600`} width="1.4rem" height="1.4rem" aria-hidden />
      <Typography variant="pi" fontWeight="bold" textColor="neutral800" style={{ whiteSpace: 'nowrap' }}>
        {t(`run.status.${status}`)}
      </Typography>
    </Flex>
  );
}
