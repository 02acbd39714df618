import { Flex, Typography } from '@strapi/design-system';
import { ArrowsHorizontal, Download, Trash, Upload } from '@strapi/icons';

import type { PlanAnswer } from '../../../../server/src/routes/contract';
import { useTranslation } from '../../hooks/useTranslation';

/** What a plan does to a file. */
export type PlanAction = keyof PlanAnswer['counts'];

/** In the order in which they are shown: what can do harm comes first. */
export const PLAN_ACTIONS: readonly PlanAction[] = ['delete-remote', 'delete-local', 'conflict', 'upload', 'download'];

const LOOKS = {
  'delete-remote': { color: 'danger', Icon: Trash },
  'delete-local': { color: 'danger', Icon: Trash },
  conflict: { color: 'warning', Icon: ArrowsHorizontal },
  upload: { color: 'primary', Icon: Upload },
  download: { color: 'primary', Icon: Download },
} as const;

/** The colour of an action, without its shade. */
export function colorOf(action: PlanAction): string {
  return LOOKS[action].color;
}

/** An action in words, with a picture: its colour alone would not tell everybody. */
export function ActionTag({ action }: { action: PlanAction }) {
  const t = useTranslation();
  const { color, Icon } = LOOKS[action];

  return (
    <Flex gap={2} data-action={action}>
      <Flex shrink={0}>
        <Icon fill={`${color}600`} width="1.4rem" height="1.4rem" aria-hidden />
      </Flex>
      <Typography
        variant="pi"
        fontWeight="bold"
        textColor={color === 'danger' ? 'danger700' : 'neutral800'}
        style={{ whiteSpace: 'nowrap' }}
      >
        {t(`plan.action.${action}`)}
      </Typography>
    </Flex>
  );
}
