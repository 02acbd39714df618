import { Flex, Typography } from '@strapi/design-system';
import { styled } from 'styled-components';

import type { PlanAnswer } from '../../../../server/src/routes/contract';
import { useFormat } from '../../hooks/useFormat';
import { useTranslation } from '../../hooks/useTranslation';
import { ActionTag, colorOf, PLAN_ACTIONS, type PlanAction } from './ActionTag';

const Card = styled.button<{ $color: string }>`
  flex: 1 1 16rem;
  max-width: 28rem;
  padding: 1.2rem 1.6rem;
  text-align: start;
  cursor: pointer;
  border: 1px solid ${({ theme }) => theme.colors.neutral200};
  border-radius: ${({ theme }) => theme.borderRadius};
  background: ${({ theme }) => theme.colors.neutral0};

  &:hover:enabled {
    border-color: ${({ theme }) => theme.colors.neutral500};
  }

  &[aria-pressed='true'] {
    border-color: ${({ theme, $color }) => theme.colors[$color === 'danger' ? 'danger600' : 'primary600']};
    background: ${({ theme, $color }) => theme.colors[$color === 'danger' ? 'danger100' : 'primary100']};
  }

  &:focus-visible {
    outline: 2px solid ${({ theme }) => theme.colors.primary600};
    outline-offset: 2px;
  }

  &:disabled {
    cursor: default;
    background: ${({ theme }) => theme.colors.neutral100};
  }
`;

interface PlanFilterProps {
  plan: PlanAnswer;
  /** The only action that is shown; all where it is not given. */
  action: PlanAction | undefined;
  onChange: (action: PlanAction | undefined) => void;
}

/** How many files each action is for; a card pressed shows them alone. */
export function PlanFilter({ plan, action, onChange }: PlanFilterProps) {
  const t = useTranslation();
  const format = useFormat();
  // What a mode never does says nothing.
  const shown = PLAN_ACTIONS.filter(
    (one) => plan.mode === 'MULTI' || plan.counts[one].files > 0 || one === 'delete-remote' || one === 'upload',
  );

  return (
    <Flex role="group" aria-label={t('plan.filter')} gap={3} wrap="wrap" alignItems="stretch">
      {shown.map((one) => {
        const { files, bytes } = plan.counts[one];
        return (
          <Card
            key={one}
            type="button"
            $color={colorOf(one)}
            aria-pressed={action === one}
            disabled={files === 0 && action !== one}
            data-filter={one}
            onClick={() => {
              onChange(action === one ? undefined : one);
            }}
          >
            <Flex direction="column" alignItems="flex-start" gap={1}>
              <ActionTag action={one} />
              <Typography variant="beta" tag="span" textColor="neutral800">
                {format.number(files)}
              </Typography>
              <Typography variant="pi" textColor="neutral600">
                {format.bytes(bytes)}
              </Typography>
            </Flex>
          </Card>
        );
      })}
    </Flex>
  );
}
